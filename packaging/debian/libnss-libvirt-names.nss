# Behind files, so that no guest takes a name of /etc/hosts, and before all that asks elsewhere or ends the search
hosts after=files libvirt
hosts after=libvirt libvirt_guest
