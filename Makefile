# `make demo` and `make test` do all of their own set-up: with uv where it is installed, else with python3 -m venv and pip.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
CLUSTER := .venv/cluster
ENGINES := .engines/ready
ENGINES_SCHEMAS := .engines/schemas
# Compiled modules are kept, whatever the shell says: else an interpreter takes twice as long to start, and the tests start a hundred.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test docs hostile laws soak test-cluster engines engines-schemas check bench documents tokens mutations cassettes lock clean

demo: $(READY) ## read the sample reports and show the result
	@$(BIN)/nianbao extract eval/samples || [ $$? = 1 ]
	@echo "Next: $(BIN)/nianbao extract YOUR_REPORT.txt    (add --json for data; nianbao --help for the rest)"

test: $(READY) ## run all tests
	$(BIN)/python -m pytest -n auto

docs: $(READY) ## hold every document against what the program prints today; about two minutes, half of them for the 2,000 made-up reports
	$(BIN)/python docs/write.py --check

laws: $(READY) ## change clean reports in one place, everywhere: what is vouched for must be what a careful person reads
	$(BIN)/python -m tests.laws --show 3
	EXAMPLES=300 $(BIN)/python -m pytest -q -n auto tests/test_laws.py tests/test_harmless.py tests/test_labels.py tests/test_pointing.py

hostile: $(READY) ## what strangers send and what breaks, with counts: texts, patterns, answers of an endpoint, the cache, requests, faults of a run
	$(BIN)/python -m tests.growth --every 2
	$(BIN)/python -m tests.patterns
	$(BIN)/python -m tests.hostile_llm
	$(BIN)/python -m tests.faults --every 5

soak: $(READY) ## read good reports and hostile ones for ten minutes in the same processes: their memory must be flat
	$(BIN)/python -m tests.soak --minutes 10

test-cluster: $(CLUSTER) ## run the tests on a Ray cluster of two nodes and a redis-server, which they start
	$(BIN)/python -m pytest -m cluster tests/test_cluster.py tests/test_redis_cache.py

check: $(READY) ## style, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@mkdir -p .types/nianbao
	@ln -sfn ../tests .types/tests
	@for f in __init__.py py.typed; do ln -sfn ../../nianbao/$$f .types/nianbao/$$f; done
	@for d in pipeline schemas prompts eval; do ln -sfn ../../$$d .types/nianbao/$$d; done
	$(BIN)/mypy

bench: $(READY) ## speed over the samples, beside the bare work; in bulk; and with a model, beside what its latency allows
	$(BIN)/python -m tests.tools.bench
	$(BIN)/python -m tests.tools.bulk_bench
	$(BIN)/python -m tests.tools.throughput

documents: $(READY) ## made-up reports as web pages, DOCX and PDF: what is vouched for, and the time and memory beside pdftotext
	$(BIN)/python -m tests.tools.documents 50

tokens: $(READY) ## tokens of a question to a model, beside those of a plain one
	$(BIN)/python -m tests.tools.tokens

mutations: $(READY) ## wrong answers of a model: none may be vouched for; MUTATE="FOLDER ..." for more reports than the samples
	$(BIN)/python -m tests.tools.mutations $(MUTATE)

engines: $(ENGINES) ## the schema of an answer in real engines, and a real server with a model of random numbers; compiles llama.cpp once
	.engines/bin/python -m tests.engines schemas server

engines-schemas: $(ENGINES_SCHEMAS) ## the first half, which compiles nothing
	.engines/bin/python -m tests.engines schemas

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("nianbao needs Python 3.11 or newer; found " + sys.version.split()[0] + " (set PYTHON=...)") if sys.version_info < (3, 11) else None'
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" .venv && \
		uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock && \
		uv pip install --quiet --python $(BIN)/python --no-deps --editable . ; \
	else \
		$(PYTHON) -m venv .venv && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable . ; \
	fi
	@touch $(READY)

$(CLUSTER): requirements-cluster.lock $(READY) # Ray is heavy, and the other tests do without it
	@if command -v uv >/dev/null 2>&1; then \
		uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-cluster.lock ; \
	else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-cluster.lock ; \
	fi
	@touch $(CLUSTER)

# Both are heavy, and kept apart from what the program itself needs.
$(ENGINES_SCHEMAS): requirements-engines.lock requirements.lock pyproject.toml
	$(call engine_packages,requirements-engines.lock)

$(ENGINES): export CMAKE_ARGS := -DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF
$(ENGINES): requirements-engine-server.lock $(ENGINES_SCHEMAS)
	$(call engine_packages,requirements-engine-server.lock)

define engine_packages
@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" .engines && \
		uv pip install --quiet --python .engines/bin/python --require-hashes -r $(1) && \
		uv pip install --quiet --python .engines/bin/python --no-deps --editable . ; \
	else \
		$(PYTHON) -m venv .engines && \
		.engines/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1) && \
		.engines/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable . ; \
	fi
	@touch $@
endef

cassettes: $(READY) ## record the conversations of tests/test_cassettes.py anew, against the stand-in
	rm -rf tests/cassettes
	$(BIN)/python -m pytest -q tests/test_cassettes.py --record-mode=once

LOCK := uv pip compile --quiet --universal --python-version 3.11 --group dev --extra anthropic --extra bulk --extra eval --extra gemini --extra serve --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"

lock: ## write the locks anew from pyproject.toml (needs uv)
	$(LOCK) --extra ocr pyproject.toml -o requirements.lock
	$(LOCK) --extra cluster --constraint requirements.lock pyproject.toml -o requirements-cluster.lock
	$(LOCK) --group engines --constraint requirements.lock pyproject.toml -o requirements-engines.lock
	$(LOCK) --group engine-server --constraint requirements.lock pyproject.toml -o requirements-engine-server.lock

clean:
	rm -rf .venv .engines .types build dist *.egg-info
