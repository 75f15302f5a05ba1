"""A service reduced to its cluster: `python -m tests.embedded.cluster_process DATA_DIR`.

It writes where the cluster is as one line of JSON, then runs it until its standard input closes; an error goes to
standard error.
"""

import json
import sys
from pathlib import Path

from app.embedded.cluster import running_cluster
from app.embedded.cluster_error import ClusterError


def main() -> None:
    try:
        with running_cluster(Path(sys.argv[1])) as cluster:
            cluster.create_database("registrations")
            held = {"url": cluster.url("registrations"), "pid": cluster.pid, "folder": str(cluster.folder)}
            sys.stdout.write(json.dumps(held) + "\n")
            sys.stdout.flush()
            sys.stdin.read()
    except ClusterError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
