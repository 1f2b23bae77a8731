# Millrace: what a user runs. make help lists it.

# The option: what Maven itself is made of uses methods that JDK 25 warns about.
MAVEN = JAVA_HOME="$$(build/find-jdk.sh)" MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow $$MAVEN_OPTS" mvn -B

# The distribution is built again when one of these is newer, so that a second make run starts at once.
DIST = server/target/millrace/bin/millrace
SOURCES := pom.xml $(shell find . -name target -prune -o -path ./simulation -prune -o -path ./vm-tests -prune -o -path ./benchmarks -prune -o \
  \( -path '*/src/main/*' -o -path './server/*' -o -name pom.xml \) ! -path '*/src/test/*' -type f -print)

.DELETE_ON_ERROR:
.PHONY: help run test test-vfio soak fuzz mutation bench attack dist package clean install

help: ## say this
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

run: install $(DIST) ## boot a Linux guest in QEMU on a Millrace disk and show it writing, reading back and verifying; DISK=nvme on an NVMe controller
	@vm-tests/run/demo.sh

test: install ## build everything and run all tests, those with QEMU guests included
	@rm -rf */target/surefire-reports
	$(MAVEN) verify
	@build/skipped.sh

test-vfio: install $(DIST) ## run Millrace in a guest with an IOMMU and NVMe drives: what make test does without, as it takes minutes
	$(MAVEN) -pl vm-tests -am test -Dtest=VfioTest -Dsurefire.failIfNoSpecifiedTests=false -Djacoco.skip

# What make test does of each with small counts, and what it leaves to make test-vfio.
SOAK = -Dsurefire.timeout=0 -Dmillrace.deaths=50000 -Dmillrace.seeds=20000 -Dmillrace.slices=2000 -Dmillrace.reconnects=1000 -Dmillrace.suspensions=500 \
  -Dmillrace.kills=170 -Dmillrace.state.kills=1000 -Dmillrace.program=$(CURDIR)/server/target/millrace/bin/millrace -Dmillrace.scsi.kills=170 -Dmillrace.kill.points=3 -Dmillrace.vm.kills=10 -Dmillrace.vm.moves=50 -Dmillrace.vm.copies=10
SOAKED = InflightDeathTest,SimulationTest,DirtyLogTruthTest,ScsiDirtyLogTruthTest,ReconnectTest,SuspendTest,ScsiSuspendTest,KillTest,ScsiKillTest,StateKillTest,KillPointTest,ServerKillTest,MigrationTest,MigrationByCopyTest,ScsiMigrationTest,VfioTest

soak: install $(DIST) ## kill, cut off, suspend and move for some hours; docs/reliability.md has the last figures; ONLY=KillTest one of them
	$(MAVEN) -pl live-migration,simulation,virtio-blk,virtio-scsi,server,vm-tests -am test $(SOAK) -Dtest="$(or $(ONLY),$(SOAKED))" \
	  -Dsurefire.failIfNoSpecifiedTests=false -Djacoco.skip

fuzz: install ## look for inputs that break a parser or a ring, TIME=60 seconds each; TARGETS=Session only those that match
	@build/fuzz.sh "$(or $(TIME),60)" "$(TARGETS)"

mutation: install ## change rings and messages a little, a thousand times, and count what no test notices; takes half an hour
	$(MAVEN) -pl virtqueue,vhost-user -am test-compile org.pitest:pitest-maven:mutationCoverage

bench: install $(DIST) ## compare Millrace with its peers, side by side; ARGS=--help lists its options
	$(MAVEN) -q -pl benchmarks -am -DskipTests package
	JAVA_HOME="$$(build/find-jdk.sh)" benchmarks/run.sh $(ARGS)

attack: install ## attack the back-end that listens at SOCKET=, or is started by COMMAND=, and say what became of it
	@mkdir -p server/target && rm -f server/target/attacks.txt
	@$(MAVEN) -q -pl server -am test -Dtest=AttackTest -Dsurefire.failIfNoSpecifiedTests=false -Dmaven.test.failure.ignore=true \
	  -Dattack.socket="$(SOCKET)" -Dattack.command="$(COMMAND)" -Dattack.only="$(ONLY)" >server/target/attack.log || { cat server/target/attack.log; exit 1; }
	@cat server/target/attacks.txt

dist: install $(DIST) ## build the self-contained distribution in server/target/millrace
	@echo "$(DIST) is built"

package: install $(DIST) ## make a Debian package and a tarball of the distribution, in server/target/package
	@server/src/package/package.sh server/target/millrace server/target/package

clean: ## remove what was built; downloads stay in build/cache
	rm -rf target */target

install:
	@build/find-jdk.sh >/dev/null
	@build/install.sh

$(DIST): $(SOURCES)
	@echo "building the distribution (the first time Maven downloads the libraries)"
	$(MAVEN) -q -pl server -am -Dmaven.test.skip=true package
	@touch $@
