# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# Expects data, the file that nssbench writes, and columns, how many it has: without a reference there are five.

set terminal svg size 720,480 dynamic font "sans-serif,13" background "white"
set logscale xy
set xrange [4:6000]
set yrange [4:*]
set xlabel "leases of one network"
set ylabel "µs for a look-up, service libvirt"
set key left top
set grid
set style data linespoints
plot columns > 5 ? data : "" using 1:6 title "any name, libvirt's module" dt 2 lc 7, \
     data using 1:5 title "known name" lw 2 lc 4, \
     data using 1:4 title "reading both kinds of file" dt 3 lc 4, \
     data using 1:3 title "unknown name" lw 2 lc 3, \
     data using 1:2 title "reading the leases" dt 3 lc 3
