#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# completion-test.sh COMPLETIONS VIRT-NAMES: what bash, zsh and fish complete, with the leases of a fixture, and that their
# options are those of --help.
# shellcheck disable=SC2016,SC2317 # for the other shells; what is called by the name of its shell
set -u
export LC_ALL=C
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
completions=$1
program=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
[ -z "${NSS_TEST_WRAPPER:-}" ] || skip_all "the shells run the program themselves, not under valgrind"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# The leases are those of the fixture, whatever this machine has
printf '#!/bin/sh\ncase $1 in list) command=$1; shift; exec "%s" "$command" --leasedir="${TESTDATA_HERE:-%s}" "$@" ;; esac\nexec "%s" "$@"\n' "$program" \
    "$TESTDATA/captured-02-guests-running" "$program" >"$scratch/virt-names"
chmod +x "$scratch/virt-names"
PATH=$scratch:$PATH
HOME=$scratch
export PATH HOME

# Each of these prints what its shell offers for the command line, in order of text, on one line.
with_bash() {
    bash --norc -c '. "$1/virt-names.bash"; COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDBREAKS=" :="
        _virt_names; printf "%s\n" "${COMPREPLY[@]}"' bash "$completions" "$1" 2>&1 | sort | tr '\n' ' ' | sed 's/ $//'
}

with_fish() {
    fish --no-config -c 'source $argv[1]/virt-names.fish; complete -C $argv[2]' "$completions" "$1" 2>&1 | sed 's/	.*//' |
        sort | tr '\n' ' ' | sed 's/ $//'
}

# zsh completes on a terminal only: it is given one, and TAB twice so that it lists
with_zsh() {
    python3 - "$completions" "$1" <<'PYTHON'
import os, pty, re, select, sys, time
completions, line = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM="dumb", ZDOTDIR=os.environ["HOME"], COLUMNS="200")
    os.execvp("zsh", ["zsh", "-f", "-i"])
def read_until(mark, seconds=10):
    got = ""
    end = time.monotonic() + seconds
    while mark not in got and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            got += os.read(terminal, 65536).decode(errors="replace")
    return got
def send(text):
    os.write(terminal, text.encode())
send(f"PS1=; unsetopt zle_bracketed_paste prompt_sp; fpath=({completions} $fpath); autoload -U compinit; compinit -u -D;"
     " LISTMAX=1000; zstyle ':completion:*' list-separator '#'; zstyle ':completion:*' verbose no;"
     " bindkey '^X' list-choices; echo rea''dy\n")
read_until("ready")
send("stty columns 200; echo star''ted\n")
read_until("started")
time.sleep(0.2)
send(line + "\x18")
# What is typed while zsh completes would keep it from showing what it has found: so wait until it is still
got = ""
while not got or select.select([terminal], [], [], 1)[0]:
    got += os.read(terminal, 65536).decode(errors="replace")
send("\x15echo en''d\n")
read_until("end")
os.close(terminal)
os.waitpid(pid, 0)
words = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x07|\x08", " ", got).replace(line.rstrip(), " ").split()
print(" ".join(sorted(set(words))), end="")
PYTHON
}

# options COMMAND: those of --help
options() {
    virt-names "$1" --help | grep -o -- '--[a-z-]*' | grep -v '^--help-' | sort -u | tr '\n' ' ' | sed 's/ $//'
}

for shell in bash zsh fish; do
    if ! command -v "$shell" >/dev/null 2>&1; then
        skip "completion in $shell" "not installed: $shell"
        continue
    fi
    is "$("with_$shell" "virt-names ")" "check disable enable list query watch" "$shell: commands"
    is "$("with_$shell" "virt-names query alpha-")" "alpha-dom alpha-host" "$shell: names for query"
    is "$("with_$shell" "virt-names query nobody alpha-host eps-h")" "eps-host" "$shell: names behind other names"
    is "$("with_$shell" "virt-names list --family=ipv")" "$(
        case $shell in fish) echo "--family=ipv4 --family=ipv6" ;; *) echo "ipv4 ipv6" ;; esac
    )" "$shell: values"
    for command in list query watch check enable disable; do
        is "$("with_$shell" "virt-names $command --" | sed 's/=//g')" "$(options "$command")" "$shell: options of $command"
    done
done
if command -v bash >/dev/null 2>&1; then
    is "$(with_bash "virt-names query fd00:e2e::16")" "1692" "bash: what stands behind a colon"
    is "$(with_bash "virt-names list --sort ")" "address expires mac name network service" "bash: a value behind a space"
    is "$(with_bash "virt-names list --network=e")" "e2e-lab" "bash: networks"
    hostile=$scratch/hostile
    mkdir "$hostile"
    printf '10.0.0.1 a\n' >"$hostile/x\$(cd $(basename "$scratch");touch HERE).addnhosts"
    printf '10.0.0.1 b\n' >"$hostile/good.addnhosts"
    is "$(cd "$scratch/.." && export TESTDATA_HERE="$hostile" && with_bash "virt-names list --network=")" "good" \
        "bash: a network whose name is a command is not offered"
    is "$(cd "$scratch" && echo *)" "hostile virt-names" "bash: and not run"
    is "$(with_bash "virt-names enable --root=/us")" "/usr" "bash: folders"
    is "$(with_bash "virt-names --")" "--help --version" "bash: options before a command"
fi
finish
