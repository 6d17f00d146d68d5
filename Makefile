# `make` lists the targets. Each makes the environment it needs by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test test-pandas2 lint format bench notebooks docs sample clean

help:  ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[all,dev]'
	touch $@

# Half a gigabyte that the demo has no use for.
SPARK := $(VENV)/.spark

$(SPARK): $(READY)
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[spark]'
	touch $@

demo: $(READY)  ## the main job on data/sample: forecast, orders, tables and plots in out/demo
	$(BIN)/newretail demo --out out/demo

test: $(SPARK)  ## the whole test suite, doctests and notebooks included
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

# Many clusters hold pandas 2.3; all else is locked as it is for pandas 3.
PANDAS2 := .venv-pandas2

$(PANDAS2)/.ready: pyproject.toml constraints.txt
	rm -rf $(PANDAS2)
	$(PYTHON) -m venv $(PANDAS2)
	sed 's/^pandas==.*/pandas==2.3.3/' constraints.txt > $(PANDAS2)/constraints.txt
	PIP_CONSTRAINT=$(PANDAS2)/constraints.txt $(PANDAS2)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[all,dev,spark]' 'pandas==2.3.*'
	touch $@

test-pandas2: $(PANDAS2)/.ready  ## the whole test suite on pandas 2.3, in an environment of its own
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PANDAS2)/bin/python -m pytest -n 2 --dist loadfile

lint: $(READY)  ## linter, formatter (check only) and type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)  ## format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The peers need pandas below 3, so they get an environment of their own.
BENCH := .venv-bench

$(BENCH)/.ready: pyproject.toml benchmarks/constraints.txt
	rm -rf $(BENCH)
	$(PYTHON) -m venv $(BENCH)
	PIP_CONSTRAINT=benchmarks/constraints.txt $(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -e . mlforecast pyfixest statsforecast stockpyl
	touch $@

bench: $(BENCH)/.ready $(SPARK)  ## benchmarks beside the peers, most in an environment of their own
	$(BENCH)/bin/python benchmarks/run.py
	$(BIN)/python benchmarks/recommendation.py
	$(BIN)/python benchmarks/next_purchases.py
	$(BIN)/python benchmarks/closed_loop.py
	$(BIN)/python benchmarks/batch_jobs.py
	$(BIN)/python benchmarks/slates_of_many.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/scale_limits.py

notebooks: $(READY)  ## run the notebooks and render them to out/notebooks
	$(BIN)/python notebooks/render.py

docs: $(READY)  ## pages from README, docstrings, decisions and notebooks in out/docs
	$(BIN)/python docs/make_pages.py

sample: $(READY)  ## make data/sample again from its seed
	$(BIN)/python -m newretail_ml.world data/sample

clean:  ## remove the environment and everything made
	rm -rf $(VENV) .venv-bench $(PANDAS2) out build dist
