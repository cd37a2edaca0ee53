# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# Expects data, the file that nssbench writes, and columns, how many it has: without a reference there are four.

set terminal svg size 720,480 dynamic font "sans-serif,13" background "white"
set logscale xy
set xrange [4:6000]
set xlabel "leases of one network"
set ylabel "µs for a look-up, service libvirt"
set key left top
set grid
set style data linespoints
plot data using 1:2 title "raw: reading the files" lw 2, \
     data using 1:3 title "unknown name" lw 2, \
     data using 1:4 title "known name" lw 2, \
     columns > 4 ? data : "" using 1:5 title "unknown name, libvirt's module" dt 2, \
     columns > 4 ? data : "" using 1:6 title "known name, libvirt's module" dt 2
