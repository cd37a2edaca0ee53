# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
# shellcheck shell=bash
#
# bash completion for virt-names(1). Needs nothing but bash.

# The options of a command, in the order of its --help
_virt_names_options() {
    case $1 in
    list) echo --help --network= --family= --expired --sort= --full --format= --json --leasedir= ;;
    query | check) echo --help --json --leasedir= ;;
    watch) echo --help --present --json --leasedir= ;;
    enable | disable) echo --help --service= --dry-run --root= ;;
    '') echo --help --version ;;
    esac
}

# The values of an option; nothing where it takes a file or any text
_virt_names_values() {
    case $1 in
    --family) echo ipv4 ipv6 any ;;
    --sort) echo name address mac network service expires ;;
    --format) echo table json hosts ;;
    --service) echo libvirt libvirt_guest both ;;
    --network) virt-names list --json 2>/dev/null | sed -n 's/^ *"\(network\|bridge\)": "\(.*\)",$/\2/p' | sort -u ;;
    esac
}

_virt_names() {
    # Readline breaks words at '=' and ':'; the line is broken at white space alone here
    local line=${COMP_LINE:0:COMP_POINT} current before word command=
    local -a words
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    current=${words[-1]}
    before=${words[-2]}
    for word in "${words[@]:1:${#words[@]}-2}"; do
        [[ $word == -* ]] || { command=$word && break; }
    done

    COMPREPLY=()
    case $current in
    --leasedir=* | --root=*) mapfile -t COMPREPLY < <(compgen -d -- "${current#*=}") ;;
    --*=*) mapfile -t COMPREPLY < <(compgen -W "$(_virt_names_values "${current%%=*}")" -- "${current#*=}") ;;
    -*)
        mapfile -t COMPREPLY < <(compgen -W "$(_virt_names_options "$command")" -- "$current")
        [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
        ;;
    *)
        case $before in
        --leasedir | --root) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
        --network | --family | --sort | --format | --service)
            mapfile -t COMPREPLY < <(compgen -W "$(_virt_names_values "$before")" -- "$current")
            ;;
        *)
            case $command in
            '') mapfile -t COMPREPLY < <(compgen -W "list query watch check enable disable" -- "$current") ;;
            query)
                mapfile -t COMPREPLY < <(compgen -W "$(virt-names list --format=hosts 2>/dev/null)" -- "$current" | sort -u)
                # What stands before a colon of an IPv6 address is not replaced by readline
                if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
                    COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*:}"}"}")
                fi
                ;;
            esac
            ;;
        esac
        ;;
    esac
}

complete -F _virt_names virt-names
