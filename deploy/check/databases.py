"""Real MySQL servers in place of the stand-ins, and the SQL of the document that says how to replicate."""
import configparser
import pathlib
import re
import shutil
import subprocess
import time

from check.documents import DEPLOY
from check.stand_ins import BIND_ADDRESS

# From the start of a server, or of a replica, to its first good answer on a busy machine.
PATIENCE = 30
# Both as small and quick as they can be; nothing has to outlive this.
OPTIONS = (
    "--mysqlx=OFF", "--secure-file-priv=NULL", "--gtid-mode=ON", "--enforce-gtid-consistency=ON",
    "--skip-name-resolve", "--log-bin=binlog", "--innodb-flush-method=nosync", "--innodb-redo-log-capacity=64M",
    "--innodb-buffer-pool-size=32M", "--performance-schema=OFF", "--port=3306",
)
PASSWORD = "of-the-user-replication"
STATEMENTS = re.compile(r"^```sql\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Installed:
    """As `eastwest_e2e` has it: the server's and the client's command, and an empty data directory."""

    def __init__(self, server, client, datadir):
        self.server, self.client, self.datadir = server, client, datadir
        # Messages and character sets are under its `share`; the program is the last word, after a loader's.
        self.basedir = pathlib.Path(server[-1]).parent.parent


def bind_address(w):
    """Where the mysqld of a PerconaXtraDBCluster listens: as its configuration says, or as the image does."""
    configuration = configparser.ConfigParser(allow_no_value=True, interpolation=None)
    configuration.read_string(w.pxc.get("configuration", ""))
    given = {key.replace("-", "_"): value for key, value in configuration["mysqld"].items()} if "mysqld" in configuration else {}
    return given.get("bind_address", BIND_ADDRESS)


class Database:
    def __init__(self, ground, pod, installed, number, bind_address):
        self.installed, self.folder = installed, ground.home / f"mysql-{pod}"
        shutil.copytree(installed.datadir, self.folder)
        # A server's own identity is made at its first start.
        (self.folder / "auto.cnf").unlink(missing_ok=True)
        # As root, whose files the installed ones may be: all that redirect rules ask is whether it is the shim.
        ground.run(pod, [
            *installed.server, "--no-defaults", "--user=root", f"--basedir={installed.basedir}", f"--datadir={self.folder}",
            f"--socket={self.folder}/mysqld.sock", f"--pid-file={self.folder}/mysqld.pid", f"--server-id={number}", f"--bind-address={bind_address}", *OPTIONS,
        ], name="mysqld")
        if (said := self.wait("SELECT 1", "1")) != "1":
            raise RuntimeError(f"mysqld in {pod}: {said}: {(ground.home / f'{pod}.mysqld.log').read_text()[-1000:]}")

    def sql(self, statements):
        command = [*self.installed.client, "--no-defaults", f"--socket={self.folder}/mysqld.sock", "-uroot", "-N", "-e", statements]
        return subprocess.run(command, capture_output=True, text=True)

    def must(self, statements):
        done = self.sql(statements)
        if done.returncode:
            raise RuntimeError(f"{statements}: {done.stderr}")

    def wait(self, statement, wanted):
        """Whether a statement comes to that in time; what it came to last."""
        end = time.monotonic() + PATIENCE
        while True:
            done = self.sql(statement)
            said = (done.stdout or done.stderr).strip()
            if said == wanted or time.monotonic() > end:
                return said
            time.sleep(0.2)


def replicates(ground, source, replica, installed, port):
    """Whether the document's statements, with this port, bring a row from one to the other; else why not. Both are
    pods with their workloads."""
    source, replica = (Database(ground, pod, installed, number, bind_address(w)) for number, (pod, w) in enumerate((source, replica), 1))
    source.must(
        f"CREATE USER replication@'%' IDENTIFIED BY '{PASSWORD}'; GRANT REPLICATION SLAVE ON *.* TO replication@'%';"
        "CREATE DATABASE a; CREATE TABLE a.t (row_number_of INT PRIMARY KEY); INSERT INTO a.t VALUES (42)")
    text = (DEPLOY / "kubernetes/docs/pxc-replication.md").read_text()
    [statements] = STATEMENTS.findall(text)
    replica.must(statements.replace("'...'", f"'{PASSWORD}'").replace("SOURCE_PORT=3306", f"SOURCE_PORT={port}"))
    came = replica.wait("SELECT row_number_of FROM a.t", "42")
    if came != "42":
        return f"the replica has {came}: {replica.sql('SHOW REPLICA STATUS').stdout}"
    return None
