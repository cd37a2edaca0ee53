# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) libvirt-nss contributors
#
# A thin front over meson: each target sets up what it needs. "make help" lists them.

BUILD = build
# Options for the first set-up, for example MESON_ARGS='--prefix=/usr -Dleasedir=/srv/leases'
MESON_ARGS =
DESTDIR =
# How long each of these targets is fuzzed
FUZZ_SECONDS = 60
FUZZ_TARGETS = status macs hosts tree switch helper
# Folder with the modules to which check-reference and bench compare ours; empty: the distribution's package
REFERENCE =
# Path of the libvirt_leaseshelper to compare with; empty: the distribution's package
REFERENCE_HELPER =
# In which Debian releases the packages are built and installed
DEBIAN_RELEASES = bookworm trixie
export BUILD

all: $(BUILD)/build.ninja
	meson compile -C $(BUILD)

$(BUILD)/build.ninja:
	./bootstrap build
	meson setup $(BUILD) $(MESON_ARGS)

check: all
	./bootstrap check demo
	python3 tests/run.py $(BUILD)

check-valgrind: all
	./bootstrap check demo valgrind
	python3 tests/run.py $(BUILD) --setup=valgrind

check-sanitize:
	./bootstrap build check demo
	test -e $(BUILD)-sanitize/build.ninja || meson setup $(BUILD)-sanitize -Db_sanitize=address,undefined -Db_lundef=false
	meson compile -C $(BUILD)-sanitize
	python3 tests/run.py $(BUILD)-sanitize

check-mutants:
	./bootstrap build check demo
	python3 tests/mutate.py

# Of the tests, those with threads. The second tool has to be told of our lock, which is an atomic variable
check-threads:
	./bootstrap build check valgrind
	test -e $(BUILD)-thread/build.ninja || meson setup $(BUILD)-thread -Db_sanitize=thread -Db_lundef=false
	meson compile -C $(BUILD)-thread nss_libvirt nss_libvirt_guest nssthreadstest
	meson test -C $(BUILD)-thread --no-rebuild --print-errorlogs nssthreads
	test -e $(BUILD)-helgrind/build.ninja || meson setup $(BUILD)-helgrind -Dc_args=-DNSS_HELGRIND
	meson compile -C $(BUILD)-helgrind nss_libvirt nss_libvirt_guest nssthreadstest
	meson test -C $(BUILD)-helgrind --no-rebuild --print-errorlogs --setup=helgrind nssthreads

fuzz:
	./bootstrap build check demo fuzz
	test -e $(BUILD)-fuzz/build.ninja || CC=clang meson setup $(BUILD)-fuzz -Dfuzz=true -Db_sanitize=address,undefined \
		-Db_lundef=false -Dc_args=-fsanitize=fuzzer-no-link -Dstatic_glib=false -Dleasedir=/dev/shm/libvirt-nss-fuzz -Drunstatedir=/dev/shm
	meson compile -C $(BUILD)-fuzz $(FUZZ_TARGETS:%=fuzz-%)
	bash tests/fuzz/run.sh $(BUILD)-fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

check-full: all
	./bootstrap check demo
	python3 tests/run.py $(BUILD) --setup=full

check-reference: all
	./bootstrap check demo
	python3 tests/compare.py $(BUILD) $(REFERENCE)
	python3 tests/comparehelper.py $(BUILD) $(REFERENCE_HELPER)

bench: all
	./bootstrap check valgrind bench
	meson compile -C $(BUILD) nssbench nofsync nss_stub1 nss_stub2
	bash bench/run.sh $(BUILD) "$(REFERENCE)" "$(REFERENCE_HELPER)"

demo: all
	./bootstrap demo
	sh tests/demo.sh $(BUILD)

# glibc finds modules through the loader's cache, which a package updates by itself. An ordinary user who installs into a
# folder of their own cannot, and need not
UPDATE_CACHE = @if [ -w /etc ]; then PATH=$$PATH:/sbin:/usr/sbin ldconfig; else \
	echo "The loader's cache is not up to date. Run as root, if the modules are in one of its folders: ldconfig"; fi
install: all
	meson install -C $(BUILD) --no-rebuild $(if $(DESTDIR),--destdir "$(abspath $(DESTDIR))")
	$(if $(DESTDIR),,$(UPDATE_CACHE))

# Removes what the last installation from here has put there
uninstall:
	ninja -C $(BUILD) uninstall
	$(UPDATE_CACHE)

dist: all
	meson dist -C $(BUILD) --no-tests

# Debian packages of the tree as it is, and what lintian says of them
deb:
	./bootstrap build packages
	sh packaging/deb.sh $(BUILD)/deb
	lintian --cfg packaging/lintianrc --fail-on error,warning,info --allow-root $(BUILD)/deb/*.changes

# RPM packages of the tree as it is, and what rpmlint says of them
rpm:
	./bootstrap build packages
	sh packaging/rpm.sh $(BUILD)/rpm
	rpmlint --strict --config packaging/rpmlint.toml packaging/libvirt-nss.spec $(BUILD)/rpm/*.rpm

# With dnf, into a folder of a Debian system of its own
check-rpm: rpm
	./bootstrap packages
	bash tests/rpm-test.sh $(BUILD) $(firstword $(DEBIAN_RELEASES))

# In Debian systems of their own
check-deb:
	./bootstrap packages
	set -e; for release in $(DEBIAN_RELEASES); do bash tests/deb-test.sh $(BUILD) $$release; done

# A libvirt host with virtual machines, in a Debian system of its own
check-libvirt:
	./bootstrap host
	bash tests/e2e/libvirt-test.sh $(BUILD) $(firstword $(DEBIAN_RELEASES))

# The tarball, in a Debian system that has nothing else
check-dist: dist
	./bootstrap packages
	bash tests/dist-test.sh $(BUILD) $(firstword $(DEBIAN_RELEASES)) $(BUILD)/meson-dist/*.tar.xz

format:
	./bootstrap lint
	clang-format -i src/*/*.[ch] tests/*.[ch] tests/fuzz/*.[ch]

lint: all
	./bootstrap lint
	sh tests/lint.sh $(BUILD)

# The messages that there are to translate, and the catalogues brought up to date with them
pot: all
	meson compile -C $(BUILD) libvirt-nss-pot

update-po: all
	meson compile -C $(BUILD) libvirt-nss-update-po

# The tests that need no other build of the modules than one that counts
coverage:
	./bootstrap build check coverage
	test -e $(BUILD)-coverage/build.ninja || meson setup $(BUILD)-coverage -Db_coverage=true --optimization=0
	meson compile -C $(BUILD)-coverage
	meson test -C $(BUILD)-coverage --suite util --suite nss --suite glibc --suite leaseshelper --suite fuzz --no-suite elf
	gcovr -r . --object-directory $(BUILD)-coverage --filter src/util --filter src/nss --fail-under-line 95 --fail-under-branch 90

clean:
	rm -rf $(BUILD) $(BUILD)-sanitize $(BUILD)-thread $(BUILD)-helgrind $(BUILD)-fuzz $(BUILD)-coverage

help:
	@echo 'make                  build the modules into $(BUILD)/src/nss'
	@echo 'make demo             show guests being found, live, without changing this machine'
	@echo 'make check            run the tests'
	@echo 'make check-valgrind   run the tests under valgrind (memcheck, descriptors)'
	@echo 'make check-sanitize   run the tests with the address and undefined behaviour sanitizers'
	@echo 'make check-mutants    plant faults in the modules, one at a time: do the tests notice?'
	@echo 'make check-threads    run the tests with threads under the thread sanitizer and helgrind'
	@echo 'make fuzz             fuzz each parser for FUZZ_SECONDS=60 (FUZZ_TARGETS="$(FUZZ_TARGETS)")'
	@echo 'make check-full       run the tests with more of everything: files, threads, kills, events'
	@echo 'make check-reference  run the tests of answers on libvirt'"'"'s own modules too (REFERENCE=folder),'
	@echo '                      and compare the lease helpers (REFERENCE_HELPER=path)'
	@echo 'make bench            measure what a look-up and an event cost, beside reading the files and libvirt'"'"'s own'
	@echo 'make install          install (DESTDIR=folder to install below a folder)'
	@echo 'make uninstall        remove what the last make install from here has installed'
	@echo 'make dist             make a release tarball in $(BUILD)/meson-dist'
	@echo 'make deb              build Debian packages into $(BUILD)/deb, and run lintian on them'
	@echo 'make check-deb        build, install, upgrade and purge the packages in Debian $(DEBIAN_RELEASES) (needs root)'
	@echo 'make check-libvirt    libvirtd, virtual machines and ssh, in a Debian of its own (needs root)'
	@echo 'make rpm              build RPM packages into $(BUILD)/rpm, and run rpmlint on them'
	@echo 'make check-rpm        install the RPM packages with dnf, in a Debian of its own (needs root)'
	@echo 'make check-dist       run the tests of the release tarball in a fresh Debian (needs root)'
	@echo 'make lint             look at the sources with clang-tidy, cppcheck, gcc -fanalyzer, shellcheck, codespell'
	@echo 'make coverage         which lines and branches of the modules the tests reach'
	@echo 'make pot              write po/libvirt-nss.pot, the messages to translate'
	@echo 'make update-po        bring the catalogues of po up to date with it'
	@echo 'make format           format the C sources'
	@echo 'make clean            remove what was built'

.PHONY: all check check-valgrind check-sanitize check-mutants check-threads check-full fuzz check-reference bench lint coverage pot update-po demo install dist format clean help uninstall deb rpm check-deb check-rpm check-libvirt check-dist
