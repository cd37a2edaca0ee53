#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# image.sh: makes /guest/vmlinuz and /guest/initrd, a virtual machine in a few megabytes: a Debian kernel, busybox, DHCP
# clients and an ssh server, with /tmp/init as its first process. Runs in a Debian system of its own as root, with
# network, and installs what it needs there.
set -eu
architecture=$(dpkg --print-architecture)
apt-get -qq update
apt-get -qq -y --no-install-recommends install busybox-static cpio dropbear-bin isc-dhcp-client kmod xz-utils

# The kernel is unpacked, not installed: no boot loader is wanted
kernel=$(apt-cache depends "linux-image-cloud-$architecture" | sed -n 's/.*Depends: \(linux-image-\)/\1/p')
mkdir -p /guest /tmp/kernel /tmp/root
cd /tmp
apt-get -qq download "$kernel"
dpkg -x "$kernel"_*.deb kernel
cp kernel/boot/vmlinuz-* /guest/vmlinuz
version=$(basename kernel/lib/modules/*)
depmod -b kernel "$version"

cd root
mkdir -p bin dev etc/dropbear proc root/.ssh run sys tmp usr/bin usr/sbin var/lib/dhcp
cp /bin/busybox bin/
for program in /usr/sbin/dropbear /usr/bin/dropbearkey /sbin/dhclient; do
    cp "$program" "bin/"
    ldd "$program" | sed -n 's/.*[ \t]\(\/[^ ]*\) (0x.*/\1/p' | while read -r library; do
        mkdir -p ".$(dirname "$library")"
        cp -n "$library" ".$library"
    done
done
# What the kernel of the cloud does not have built in, in the order in which it is loaded
for module in virtio_pci virtio_net virtio_rng; do
    modprobe -d /tmp/kernel -S "$version" --show-depends "$module"
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r file; do
    cp "$file" tmp/
    echo "/tmp/$(basename "$file")" >>etc/modules
done
printf 'root:x:0:0:root:/root:/bin/sh\n' >etc/passwd
printf 'root:x:0:\n' >etc/group
printf '/bin/sh\n' >etc/shells
cp /tmp/init init
ln -s /init bin/lease
chmod 755 init
find . | cpio --quiet -o -H newc | gzip -1 >/guest/initrd
ls -l /guest
