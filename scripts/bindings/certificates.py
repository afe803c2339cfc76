# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Servers with good and with bad certificates, for the scenarios of all bindings."""

import subprocess
from pathlib import Path

_HOSTS = "DNS:localhost,IP:127.0.0.1"
_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
# Name, hosts, authority, and when it is valid, if that is not now.
_CERTIFICATES = (
    ("good", _HOSTS, "authority", ()),
    ("expired", _HOSTS, "authority", ("20200101000000Z", "20210203040506Z")),
    ("early", _HOSTS, "authority", ("21200101000000Z", "21210101000000Z")),
    ("elsewhere", "DNS:other.example", "authority", ()),
    ("foreign", _HOSTS, "stranger", ()),
    ("client", "DNS:client.example", "authority", ()),
)
_CONFIG = """
[ca]
default_ca = tests
[tests]
new_certs_dir = {folder}
database = {folder}/{name}.index
serial = {folder}/{name}.serial
policy = names
default_md = sha256
default_days = 2
x509_extensions = extensions
[names]
commonName = supplied
[extensions]
subjectAltName = {hosts}
"""


def _openssl(*arguments: str | Path) -> None:
    command = ["openssl", *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)


def _make_authority(folder: Path, name: str) -> None:
    files = ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")]
    _openssl("req", "-x509", *_KEY, "-days", "2", "-subj", f"/CN={name}", *files)


def _make_certificate(
    folder: Path, name: str, hosts: str, authority: str, dates: tuple[str, ...]
) -> None:
    request = folder / f"{name}.csr"
    _openssl(
        "req", *_KEY, "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", request
    )
    config = folder / f"{name}.conf"
    config.write_text(_CONFIG.format(folder=folder, name=name, hosts=hosts))
    (folder / f"{name}.index").touch()
    command: list[str | Path] = ["ca", "-batch", "-notext", "-config", config, "-rand_serial"]
    command += ["-in", request, "-out", folder / f"{name}.pem"]
    command += ["-cert", folder / f"{authority}.pem", "-keyfile", folder / f"{authority}.key"]
    if dates:
        command += ["-startdate", dates[0], "-enddate", dates[1]]
    _openssl(*command)


class TlsServers:
    """A server for each certificate, until close()."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._processes: list[subprocess.Popen[str]] = []
        folder.mkdir()
        for authority in ("authority", "stranger", "alone"):
            _make_authority(folder, authority)
        for certificate in _CERTIFICATES:
            _make_certificate(folder, *certificate)
        # What stands for them in scenarios.json.
        self.values = {"${TLS}": str(folder)}
        try:
            for name in ("good", "expired", "early", "elsewhere", "foreign", "alone"):
                self.values[f"${{TLS_{name.upper()}}}"] = self._start(name)
            mutual = self._start("good", "--tls-client-ca", str(folder / "authority.pem"))
            self.values["${TLS_MUTUAL}"] = mutual
        except BaseException:
            self.close()
            raise

    def _start(self, name: str, *options: str) -> str:
        certificate = str(self._folder / f"{name}.pem")
        key = str(self._folder / f"{name}.key")
        process = subprocess.Popen(
            [
                *(str(self._program), "--port", "0", "--die-with-parent"),
                *("--tls-cert", certificate, "--tls-key", key, *options),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what it says of clients that refuse it
            text=True,
        )
        self._processes.append(process)
        assert process.stdout is not None
        return f"localhost:{process.stdout.readline().strip()}"

    def fill_in(self, text: str) -> str:
        """scenarios.json with the servers' targets and the folder of the certificates."""
        for name, value in self.values.items():
            text = text.replace(name, value)
        return text

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()
