/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) libvirt-nss contributors
 */

/* A private place for a test: mount and host name namespaces of its own in which the lease folder
 * is empty, writable, and nobody else's. Nothing of it is seen outside, and it ends with the
 * process. */

#pragma once

#include <glib.h>

/* What gethostname(2) says inside. */
#define TEST_HOST_NAME "thishost.example.org"

/* Enters the namespaces; as an ordinary user through a user namespace. Call it before any thread
 * starts. Where it cannot be done it prints the reason as a skipped test in TAP and ends the
 * process. */
void testNeedNamespace(void);

/* Lets @path, a file of the host, have @content inside the namespace. */
void testReplaceFile(const char *path, const char *content);

/* The folder of the fixtures, tests/nssdata. */
const char *testDataFolder(void);

/* Empties the lease folder. */
void testClearLeases(void);

/* Writes LEASEDIR/@name, @content being @len bytes (-1: a string). */
void testWriteLeases(const char *name, const char *content, gssize len);

/* Copies every file of fixture @name into the lease folder. */
void testCopyFixture(const char *name);

/* Appends to @json a lease as libvirt's helper writes it; NULL leaves a member out. Call
 * testLeasesEnd() behind the last one, with a @json that was empty at first. */
void testAddLease(GString *json, const char *ip, const char *mac, const char *hostname,
                  const char *domain, gint64 expiry);
void testLeasesEnd(GString *json);
