# The front door. The work is done by meson (meson.build) and the scripts in tools/.
.DEFAULT_GOAL := help
.PHONY: help run build test analyse tsan coverage fuzz fuzz-long property-long faults-long deb clean
MAKEFLAGS += --no-print-directory

FUZZ_SECONDS ?= 20
FUZZ_LONG_SECONDS ?= 3600
FAULT_ROUNDS ?= 200

help:
	@echo '医结 yijie'
	@echo '  make run            安装所缺软件包，构建，装入演示城市并提供服务 / install what is missing, build, load and serve the demonstration city'
	@echo '  make build          构建 build/release/yijie / build the release binary'
	@echo '  make test           运行全部测试 / run every test; ends with "N passed, M failed"'
	@echo '  make analyse        静态分析 / gcc -fanalyzer, clang-tidy, cppcheck'
	@echo '  make tsan           线程竞争检查（服务、存储与负载的测试） / ThreadSanitizer: the tests of everything that has threads, on both stores'
	@echo '  make coverage       测试覆盖率 / test coverage, report in build/coverage/report'
	@echo '  make fuzz           每个模糊测试目标运行 $(FUZZ_SECONDS) 秒 / each fuzz target for $(FUZZ_SECONDS) s'
	@echo '  make fuzz-long      每个目标运行 $(FUZZ_LONG_SECONDS) 秒 / each fuzz target for $(FUZZ_LONG_SECONDS) s'
	@echo '  make property-long  性质测试长跑 / the long form of the property tests (hours)'
	@echo '  make faults-long    故障测试长跑（两种存储各 $(FAULT_ROUNDS) 次 kill -9） / the long form of the fault tests, $(FAULT_ROUNDS) kills a store'
	@echo '  make deb            Debian 软件包 / the Debian package, in build/deb'
	@echo '  make clean          删除 build/ / remove build/'

run: build
	@tools/demo

build:
	@tools/need build
	@tools/profile release
	@ninja -C build/release yijie

test:
	@tools/need build test
	@tools/test-report debug release:release

analyse:
	@tools/need build test analyse
	@tools/profile debug analyse
	@tools/analyse

# The rooms with threads, and the server over HTTP on both stores. The rest of the tests has one thread.
tsan:
	@tools/need build test
	@tools/test-report $(addprefix tsan:,env store http journal ledger registry cases load server)

coverage:
	@tools/need build test coverage
	@tools/coverage

fuzz:
	@tools/need build fuzz
	@tools/profile fuzz
	@tools/fuzz $(FUZZ_SECONDS)

fuzz-long:
	@$(MAKE) fuzz FUZZ_SECONDS=$(FUZZ_LONG_SECONDS)

property-long:
	@tools/need build test
	@tools/profile release
	@meson test -C build/release --benchmark --suite property-long --timeout-multiplier 0 --verbose

faults-long:
	@tools/need build test
	@tools/profile release
	@ninja -C build/release yijie tests/faults/disk.so
	@tools/profile faults
	@ninja -C build/faults yijie
	@for set in random disk; do YIJIE_FAULT_ROUNDS=$(FAULT_ROUNDS) python3 -B tests/faults/test_faults.py $$set build/release/yijie build/release/tests/faults/disk.so || exit 1; done
	@YIJIE_FAULT_ROUNDS=$(FAULT_ROUNDS) python3 -B tests/faults/test_faults.py points build/faults/yijie none
	@for set in random connections database; do \
	  YIJIE_FAULT_ROUNDS=$(FAULT_ROUNDS) tests/postgres/with_cluster.py python3 -B tests/faults/test_postgres.py $$set build/release/yijie || exit 1; done
	@YIJIE_FAULT_ROUNDS=$(FAULT_ROUNDS) tests/postgres/with_cluster.py python3 -B tests/faults/test_postgres.py points build/faults/yijie

deb: build
	@tools/deb

clean:
	@rm -rf build
