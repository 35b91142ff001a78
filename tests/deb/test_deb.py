"""The Debian package (tools/deb) as dpkg and its user see it. dpkg works in a root of its own (no chroot, no network); what maintainer scripts do to the system
(useradd, chown, systemctl) is recorded instead of done."""
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
from harness import Yijie, case, contains, equal, main, true  # noqa: E402  (the path comes first)

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 240
SCRIPTS = ("postinst", "prerm", "postrm")


def tool(*argv, code=0, **more):
    done = subprocess.run(list(map(str, argv)), capture_output=True, text=True, timeout=PATIENCE_S, check=False, **more)
    if code is not None:
        true(done.returncode == code, f"{' '.join(map(str, argv))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def deb_make(y, folder="out", epoch="1700000000"):
    path = tool(ROOT / "tools" / "deb", y.path(folder), y.program, env=y.env({"SOURCE_DATE_EPOCH": epoch})).stdout.strip()
    true(path.startswith(str(y.path(folder))) and path.endswith(".deb"), f"it prints the path: {path!r}")
    return Path(path)


def unpacked(y):
    deb = deb_make(y)
    tool("dpkg-deb", "-x", deb, y.path("tree"))
    return deb, y.path("tree")


def field(deb, name):
    return tool("dpkg-deb", "-f", deb, name).stdout.strip()


@case("name, version, architecture and description; the file is called as dpkg calls it")
def _(y):
    deb = deb_make(y)
    version = y.run("version", "--json", code=0).answers()[0]["version"]
    equal([field(deb, n) for n in ("Package", "Version")], ["yijie", version], "fields")
    equal(deb.name, f"yijie_{version}_{field(deb, 'Architecture')}.deb", "file name")
    contains(field(deb, "Description"), ["settlement"], "description")
    true(int(field(deb, "Installed-Size")) > 1000, "size in KiB")


@case("every library that the program asks for is a dependency, and each is there in a version that fits")
def _(y):
    deb, tree = unpacked(y)
    depends = {}
    for item in field(deb, "Depends").split(", "):
        found = re.fullmatch(r"([a-z0-9.+-]+)(?: \((>=) ([^)]+)\))?", item)
        true(found, f"dependency {item!r}")
        depends[found.group(1)] = found.group(3)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", tool("readelf", "-d", tree / "usr/bin/yijie").stdout)
    true(len(needed) >= 6, f"libraries {needed}")
    for name in ("libsqlite3.so", "libpq.so", "libmicrohttpd.so", "libcurl-gnutls.so"):
        true(any(lib.startswith(name) for lib in needed), f"{name} is asked for")
    where = dict(line.split(" => ")[:2] for line in tool("ldd", tree / "usr/bin/yijie").stdout.replace("\t", "").splitlines() if " => " in line)
    for lib in needed:
        if lib.startswith("ld-linux"):
            continue
        file = os.path.realpath(where[lib].split()[0])
        for path in (file, file.removeprefix("/usr")):
            owner = tool("dpkg", "-S", path, code=None)
            if owner.returncode == 0:
                break
        package = owner.stdout.split(":")[0]
        true(package in depends, f"{lib} comes from {package!r}, which is not in {sorted(depends)}")
    for package, version in depends.items():
        got = tool("dpkg-query", "-W", "-f", "${Version}", package).stdout.split("\n")[0]
        if version:
            tool("dpkg", "--compare-versions", got, "ge", version)


@case("files stand where Debian wants them, belong to root, nobody else may write them; sums are right")
def _(y):
    deb, tree = unpacked(y)
    listed = tool("dpkg-deb", "-c", deb).stdout.splitlines()
    for line in listed:
        mode, owner, name = line.split()[0], line.split()[1], line.split()[5]
        equal(owner, "root/root", f"owner of {name}")
        wanted = "drwxr-xr-x" if name.endswith("/") else "-rwxr-xr-x" if name == "./usr/bin/yijie" else "-rw-r--r--"
        equal(mode, wanted, f"mode of {name}")
    for name in ("usr/bin/yijie", "lib/systemd/system/yijie.service", "usr/share/man/man1/yijie.1.gz", "usr/share/doc/yijie/copyright", "usr/share/doc/yijie/changelog.gz",
                 "usr/share/doc/yijie/THIRD-PARTY.md", "usr/share/doc/yijie/docs/operating.md", "usr/share/doc/yijie/examples/nginx.conf", "usr/share/doc/yijie/demo/anyang-stay.json",
                 "usr/share/yijie/plans/anyang-puhui-2022.plan", "usr/share/bash-completion/completions/yijie", "usr/share/zsh/vendor-completions/_yijie",
                 "usr/share/fish/vendor_completions.d/yijie.fish"):
        true((tree / name).is_file() and (tree / name).stat().st_size > 0, f"{name} is there")
    sums = tool("dpkg-deb", "-I", deb, "md5sums").stdout
    for line in sums.splitlines():
        digest, name = line.split("  ")
        equal(hashlib.md5((tree / name).read_bytes()).hexdigest(), digest, f"sum of {name}")
    files = [line.split()[5][2:] for line in listed if not line.split()[5].endswith("/")]
    equal(sorted(line.split("  ")[1] for line in sums.splitlines()), sorted(files), "every file has its sum")
    true("not stripped" not in tool("readelf", "-S", tree / "usr/bin/yijie").stdout and ".debug_info" not in tool("readelf", "-S", tree / "usr/bin/yijie").stdout, "no debug sections")


@case("the same program and tree give the same bytes")
def _(y):
    equal(deb_make(y, "a").read_bytes() == deb_make(y, "b").read_bytes(), True, "twice the same package")


@case("the packaged program works from where it was put: version, a settlement with the packaged plans, a city, an audit")
def _(y):
    _, tree = unpacked(y)
    packaged = Yijie(tree / "usr/bin/yijie", y.folder)
    equal(packaged.run("version", code=0).out, y.run("version", code=0).out, "version")
    settled = packaged.run("settle", "--plans", tree / "usr/share/yijie/plans", "--chain", "anyang-2022", tree / "usr/share/doc/yijie/demo/anyang-stay.json", code=0)
    contains(settled.out, ["216,700.00"], "the published case", settled)
    packaged.run("demo", "load", "--data", "city", "--persons", "50", "--allow-doubtful", code=0)
    packaged.run("audit", "--data", "city", code=0)


@case("the manual page is clean and names every command; completions are what the program prints")
def _(y):
    _, tree = unpacked(y)
    page = gzip.decompress((tree / "usr/share/man/man1/yijie.1.gz").read_bytes())
    equal(page, y.run("man", code=0).out_bytes, "the program's own page")
    if shutil.which("man"):
        shown = tool("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", tree / "usr/share/man/man1/yijie.1.gz", env=y.env({"MANPAGER": "cat", "MANROFFOPT": ""}))
        equal(shown.stderr, "", "warnings of man")
    text = page.decode().replace("\\-", "-")
    for command in ("serve", "demo load", "audit", "backup", "restore", "migrate", "key add", "import", "load", "bench server", "config check"):
        contains(text, command, "the page")
    for shell, name in (("bash", "usr/share/bash-completion/completions/yijie"), ("zsh", "usr/share/zsh/vendor-completions/_yijie"), ("fish", "usr/share/fish/vendor_completions.d/yijie.fish")):
        equal((tree / name).read_bytes(), y.run("completion", shell, code=0).out_bytes, f"completion of {shell}")
    script = f". '{tree}/usr/share/bash-completion/completions/yijie'; COMP_WORDS=(yijie back); COMP_CWORD=1; $(complete -p yijie | sed 's/.*-F \\([^ ]*\\).*/\\1/'); echo \"${{COMPREPLY[@]}}\""
    equal(tool("bash", "-c", script).stdout.strip(), "backup", "bash completes")


@case("the unit starts the packaged program on the folder that the package makes")
def _(y):
    _, tree = unpacked(y)
    unit = (tree / "lib/systemd/system/yijie.service").read_text()
    contains(unit, ["ExecStart=/usr/bin/yijie serve --data /var/lib/yijie", "User=yijie", "StateDirectoryMode=0700", "NoNewPrivileges=yes", "ProtectSystem=strict"], "unit")
    postinst = (ROOT / "packaging/deb/postinst").read_text()
    contains(postinst, ["/var/lib/yijie", "-m 0700", "--system"], "postinst")


@case("maintainer scripts: of a shell that Debian has, stop at an error, and are clean")
def _(y):
    deb = deb_make(y)
    for name in SCRIPTS:
        text = tool("dpkg-deb", "-I", deb, name).stdout
        true(text.startswith("#!/bin/sh\n") and "\nset -e\n" in text, f"{name} begins as it should")
        y.write(name, text)
        tool("sh", "-n", y.path(name))
        if shutil.which("shellcheck"):
            tool("shellcheck", y.path(name))


class Box:
    """A root of its own for dpkg. The commands that would change the system write down what they were asked."""

    def __init__(self, y):
        self.y, self.root, self.log = y, y.path("box"), y.path("asked")
        for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "run/systemd/system", "var/lib", "tmp"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        for name in ("status", "available", "lock", "triggers/Lock", "triggers/Unincorp"):
            (self.root / "var/lib/dpkg" / name).touch()
        self.log.touch()
        bin_folder = y.path("stubs")
        bin_folder.mkdir()
        for name, code in (("useradd", 0), ("chown", 0), ("systemctl", 0), ("getent", 2), ("ldconfig", 0), ("start-stop-daemon", 0)):
            stub = bin_folder / name
            stub.write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.log}"\nexit {code}\n')
            stub.chmod(0o755)
        self.env = y.env({"PATH": f"{bin_folder}:{os.environ['PATH']}:/usr/sbin:/sbin"})

    def dpkg(self, *argv):
        before = len(self.asked())
        tool("dpkg", f"--root={self.root}", "--force-script-chrootless", "--force-depends", "--force-not-root", "--force-bad-path", "--log=/dev/null", *argv, env=self.env)
        return self.asked()[before:]

    def asked(self):
        return self.log.read_text().splitlines()

    def state(self):
        done = tool("dpkg-query", f"--admindir={self.root}/var/lib/dpkg", "-W", "-f", "${Status} ${Version}", "yijie", code=None)
        return done.stdout


def next_version(y, deb):
    """The package of a later release: the same files under a higher version."""
    tool("dpkg-deb", "-R", deb, y.path("later"))
    control = y.path("later/DEBIAN/control")
    control.write_text(re.sub(r"^Version: .*$", "Version: 99.0", control.read_text(), flags=re.M))
    tool("dpkg-deb", "--root-owner-group", "--build", y.path("later"), y.path("later.deb"))
    return y.path("later.deb")


@case("dpkg installs, upgrades, removes and purges it; what was settled survives all of it")
def _(y):
    deb = deb_make(y)
    box = Box(y)
    asked = box.dpkg("-i", deb)
    true(box.state().startswith("install ok installed "), f"installed: {box.state()}")
    contains("\n".join(asked), ["useradd --system --user-group --home-dir /var/lib/yijie", f"chown yijie:yijie {box.root}/var/lib/yijie", "systemctl daemon-reload"], "a first installation")
    true(not any(" start " in f"{line} " or " enable " in f"{line} " for line in asked), f"nothing is started before it is set up: {asked}")
    data = box.root / "var/lib/yijie"
    equal(data.stat().st_mode & 0o777, 0o700, "mode of the data folder")
    installed = Yijie(box.root / "usr/bin/yijie", y.folder)
    installed.run("demo", "load", "--data", data, "--persons", "20", "--allow-doubtful", code=0)
    events = installed.run("audit", "--data", data, "--json", code=0)

    asked = box.dpkg("-i", next_version(y, deb))
    contains(box.state(), "installed 99.0", "upgraded")
    contains("\n".join(asked), "systemctl try-restart yijie.service", "a service that ran runs on with the new program")
    true(not any(line.startswith(("chown", "systemctl stop")) for line in asked), f"the folder is left as it is, and nothing stops: {asked}")
    equal(installed.run("audit", "--data", data, "--json", code=0).out, events.out, "the data after the upgrade")

    asked = box.dpkg("-r", "yijie")
    contains("\n".join(asked), "systemctl stop yijie.service", "removed: the service stops first")
    true(not (box.root / "usr/bin/yijie").exists(), "the program is gone")
    box.dpkg("--purge", "yijie")
    true("installed" not in box.state().replace("not-installed", ""), f"purged: {box.state()}")
    true((data / "yijie.db").exists() and (data / "keys.json").exists(), "the data is not")
    equal(y.run("audit", "--data", data, "--json", code=0).out, events.out, "and it is whole")


@case("without a built program it says what to do")
def _(y):
    done = tool(ROOT / "tools" / "deb", y.path("out"), y.path("absent"), code=1)
    contains(done.stderr, ["make build"], "what is said")


if __name__ == "__main__":
    main()
