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

# Offers the words of standard input that begin with $1. Names come from files: none is expanded by the shell, and
# none is offered that it would take for more than a word.
_virt_names_offer() {
    local word
    while read -r word; do
        [[ $word == "$1"* && $word != *[^A-Za-z0-9._:@=-]* ]] && COMPREPLY+=("$word")
    done < <(tr '[:blank:]' '\n' | sort -u)
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
    --*=*) _virt_names_offer "${current#*=}" < <(_virt_names_values "${current%%=*}") ;;
    -*)
        _virt_names_offer "$current" < <(_virt_names_options "$command")
        [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
        ;;
    *)
        case $before in
        --leasedir | --root) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
        --network | --family | --sort | --format | --service)
            _virt_names_offer "$current" < <(_virt_names_values "$before")
            ;;
        *)
            case $command in
            '') _virt_names_offer "$current" <<<"list query watch check enable disable" ;;
            query)
                _virt_names_offer "$current" < <(virt-names list --format=hosts 2>/dev/null)
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
