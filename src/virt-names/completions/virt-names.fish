# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# fish completion for virt-names(1)

function __virt_names_names
    virt-names list --format=hosts 2>/dev/null | string split -n -r \t | string split -n ' '
end

complete -c virt-names -f
complete -c virt-names -n __fish_use_subcommand -l version -d 'Show the version'
complete -c virt-names -l help -d 'Show the help'

complete -c virt-names -n __fish_use_subcommand -a list -d 'List the names that guests and networks have'
complete -c virt-names -n __fish_use_subcommand -a query -d 'Explain how a name or an address is found'
complete -c virt-names -n __fish_use_subcommand -a watch -d 'Print names as they come, change and go'
complete -c virt-names -n __fish_use_subcommand -a check -d 'Find out why guests are not found'
complete -c virt-names -n __fish_use_subcommand -a enable -d 'Add the modules to nsswitch.conf'
complete -c virt-names -n __fish_use_subcommand -a disable -d 'Take the modules out of nsswitch.conf'

set -l reading '__fish_seen_subcommand_from list query watch check'
set -l editing '__fish_seen_subcommand_from enable disable'
set -l listing '__fish_seen_subcommand_from list'

complete -c virt-names -n $reading -l json -d 'Print JSON'
complete -c virt-names -n $reading -l leasedir -x -a '(__fish_complete_directories)' -d 'Read the files of a folder'
complete -c virt-names -n '__fish_seen_subcommand_from query' -a '(__virt_names_names)'
complete -c virt-names -n '__fish_seen_subcommand_from watch' -l present -d 'Print first what is there already'

complete -c virt-names -n $listing -l network -x -d 'Show one network, or bridge, only'
complete -c virt-names -n $listing -l family -x -a 'ipv4 ipv6 any' -d 'Show addresses of one family only'
complete -c virt-names -n $listing -l expired -d 'Show leases that have run out as well'
complete -c virt-names -n $listing -l sort -x -a 'name address mac network service expires' -d 'Sort by this column'
complete -c virt-names -n $listing -l full -d 'Show times, and cut nothing'
complete -c virt-names -n $listing -l format -x -a 'table json hosts' -d 'Print in this format'

complete -c virt-names -n $editing -l service -x -a 'libvirt libvirt_guest both' -d 'Which of the modules'
complete -c virt-names -n $editing -l dry-run -d 'Print what would change'
complete -c virt-names -n $editing -l root -x -a '(__fish_complete_directories)' -d 'Change the system below a folder'
