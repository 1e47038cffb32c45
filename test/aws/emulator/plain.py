"""moto's server, with what it lacks of Glue."""
import glue_versions  # noqa: F401
from moto.server import main

main()
