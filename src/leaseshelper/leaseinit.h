/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* dnsmasq started with --leasefile-ro has no lease file; it asks its script for what would be in
 * it: dnsmasq(8), --leasefile-ro. */

#pragma once

/* Prints the leases of the bridge to standard output: a line for each DHCPv4 lease,
 *
 *   EXPIRY MAC ADDRESS HOSTNAME CLIENT-ID
 *
 * the line "duid SERVER-DUID" if there are DHCPv6 leases, and a line for each of them,
 *
 *   EXPIRY IAID ADDRESS HOSTNAME DUID
 *
 * with "*" for a hostname or an identifier that is not known. Prints nothing else, and cannot fail:
 * what cannot be read or does not fit into a line is left out with a message, because dnsmasq, and
 * the network with it, would not start otherwise. */
void leaseInit(void);
