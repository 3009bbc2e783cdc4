//! Locks itself in, as a server does, and then tries one thing. The tests run it as a real process.
//!
//! Prints the name of the error, or `done`; what is fatal prints nothing.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::mpsc::channel;
use std::thread;

use eastwest_daemon::{Reach, Sandbox, SandboxMode};
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::uio::RemoteIoVec;
use nix::unistd::Pid;
use rustix::fs::Mode;
use rustix::net::{
    AddressFamily, MMsgHdr, Protocol, SendAncillaryBuffer, SendFlags, SocketAddrUnix, SocketFlags,
    SocketType, ipproto,
};
use rustix::process::{Resource, Rlimit};

/// The ports that `files` may dial and listen on.
const DIALLED: u16 = 53;
const LISTENED: u16 = 45444;

const NOT_DIALLED: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9);

/// `MSG_FASTOPEN`: connects, and sends at once.
const FAST_OPEN: SendFlags = SendFlags::from_bits_retain(0x2000_0000);

fn main() -> ExitCode {
    let argv: Vec<String> = std::env::args().collect();
    let [_, mode, what, folder] = argv.as_slice() else {
        eprintln!("usage: attempt calls|files|off WHAT FOLDER|FILE");
        return ExitCode::from(2);
    };
    let folder = Path::new(folder);
    let attempt = || attempt(what, folder);
    let outcome = match mode.as_str() {
        "files" => {
            let own = SocketAddr::from(([127, 0, 0, 1], LISTENED));
            let reach = Reach::new()
                .read_again([folder])
                .socket(&folder.join("socket"));
            enter(SandboxMode::Auto, &reach.listens([own]).dials([DIALLED]));
            thread::scope(|scope| scope.spawn(attempt).join())
        }
        // The filter holds for threads from before, too.
        mode => thread::scope(|scope| {
            let (ask, asked) = channel::<()>();
            let earlier = scope.spawn(move || asked.recv().map_or(Ok(()), |()| attempt()));
            let wanted = match mode {
                "off" => SandboxMode::Off,
                _ => SandboxMode::Auto,
            };
            enter(wanted, &Reach::new());
            let _ = ask.send(());
            earlier.join()
        }),
    };
    match outcome {
        Ok(Ok(())) => println!("done"),
        Ok(Err(error)) => println!("{:?}", Errno::from_raw(error.raw_os_error().unwrap_or(0))),
        Err(_) => println!("failed"),
    }
    ExitCode::SUCCESS
}

fn enter(mode: SandboxMode, reach: &Reach) {
    match Sandbox::enter(mode, reach) {
        Ok(sandbox) => eprintln!("{sandbox}"),
        Err(error) => eprintln!("{error}"),
    }
}

fn attempt(what: &str, folder: &Path) -> io::Result<()> {
    let file = match folder.is_dir() {
        true => folder.join("file"),
        false => folder.to_owned(),
    };
    match what {
        "execve" => {
            nix::unistd::execve::<_, &std::ffi::CStr>(c"/bin/true", &[c"true"], &[]).map(drop)?
        }
        "ptrace" => nix::sys::ptrace::attach(Pid::from_raw(i32::MAX))?,
        "process_vm_readv" => {
            let (mut to, from) = ([0], RemoteIoVec { base: 0, len: 1 });
            let into = &mut [IoSliceMut::new(&mut to)];
            nix::sys::uio::process_vm_readv(Pid::this(), into, &[from]).map(drop)?;
        }
        "process_vm_writev" => {
            let from = RemoteIoVec { base: 0, len: 1 };
            let out = &[IoSlice::new(&[0])];
            nix::sys::uio::process_vm_writev(Pid::this(), out, &[from]).map(drop)?;
        }
        "unshare" => nix::sched::unshare(CloneFlags::CLONE_NEWUSER)?,
        "setns" => nix::sched::setns(File::open("/proc/self/ns/net")?, CloneFlags::CLONE_NEWUTS)?,
        "mount" => {
            let nowhere = folder.join("nowhere");
            let flags = nix::mount::MsFlags::empty();
            nix::mount::mount::<_, _, Path, Path>(Some("none"), &nowhere, None, flags, None)?;
        }
        "umount" => nix::mount::umount(&folder.join("nowhere"))?,
        "chroot" => nix::unistd::chroot(&folder.join("nowhere"))?,
        "pivot_root" => nix::unistd::pivot_root(&folder.join("a"), &folder.join("b"))?,
        "finit_module" => {
            let flags = nix::kmod::ModuleInitFlags::empty();
            nix::kmod::finit_module(File::open(&file)?, c"", flags)?;
        }
        "setuid" => nix::unistd::setuid(nix::unistd::getuid())?,
        "setgid" => nix::unistd::setgid(nix::unistd::getgid())?,
        "sethostname" => nix::unistd::sethostname(nix::unistd::gethostname()?)?,
        "spawn" => Command::new("/bin/true").status().map(drop)?,
        "packets" => socket(AddressFamily::PACKET, SocketType::RAW)?,
        "kernel-cryptography" => socket(AddressFamily::from_raw(38), SocketType::SEQPACKET)?,
        "netlink" => socket(AddressFamily::NETLINK, SocketType::RAW)?,
        "raw-ip" => socket(AddressFamily::INET, SocketType::RAW)?,
        "multipath-tcp" => inet(SocketType::STREAM, ipproto::MPTCP)?,
        "ping" => inet(SocketType::DGRAM, ipproto::ICMP)?,
        "pair" => pair(AddressFamily::INET)?,
        "memfd" => rustix::fs::memfd_create(c"code", rustix::fs::MemfdFlags::CLOEXEC).map(drop)?,
        "limit" => {
            let limit = Rlimit {
                current: Some(64),
                maximum: Some(64),
            };
            rustix::process::setrlimit(Resource::Nofile, limit)?;
        }
        "priority" => rustix::process::setpriority_process(None, 0)?,
        "signal" => {
            let parent = rustix::process::getppid().ok_or(ErrorKind::NotFound)?;
            rustix::process::test_kill_process(parent)?;
        }
        "own-signal" => rustix::process::test_kill_process(rustix::process::getpid())?,
        "write" => drop(File::options().write(true).open(&file)?),
        "create" => drop(File::create(folder.join("new"))?),
        "rename" => fs::rename(&file, folder.join("new"))?,
        "link" => fs::hard_link(&file, folder.join("new"))?,
        "mkdir" => fs::create_dir(folder.join("new"))?,
        "remove" => fs::remove_file(&file)?,
        "chmod" => fs::set_permissions(&file, Permissions::from_mode(0o600))?,
        "fchmod" => File::open(&file)?.set_permissions(Permissions::from_mode(0o644))?,
        "read" => drop((fs::read(&file)?, fs::read_dir(folder)?.count())),
        "read-later" => {
            println!("waiting");
            io::stdin().read_line(&mut String::new())?;
            drop(fs::read(&file)?);
        }
        "own-files" => drop((
            fs::read_dir("/proc/self/fd")?.count(),
            fs::read("/proc/self/status")?,
        )),
        "read-elsewhere" => drop(fs::read("/etc/passwd")?),
        "listen-elsewhere" => drop(TcpListener::bind("127.0.0.1:45443")?),
        "dial-elsewhere" => drop(TcpStream::connect(NOT_DIALLED)?),
        "dial" => drop(TcpStream::connect(("127.0.0.1", DIALLED))?),
        "dial-by-sendto" => rustix::net::sendto(tcp()?, b"x", FAST_OPEN, &NOT_DIALLED).map(drop)?,
        "dial-by-sendmsg" => {
            let (text, mut nothing) = ([IoSlice::new(b"x")], SendAncillaryBuffer::default());
            let sent =
                rustix::net::sendmsg_addr(tcp()?, &NOT_DIALLED, &text, &mut nothing, FAST_OPEN);
            sent.map(drop)?;
        }
        "dial-by-sendmmsg" => {
            let (text, mut nothing) = ([IoSlice::new(b"x")], SendAncillaryBuffer::default());
            let to = NOT_DIALLED.into();
            let mut messages = [MMsgHdr::new_with_addr(&to, &text, &mut nothing)];
            rustix::net::sendmmsg(tcp()?, &mut messages, FAST_OPEN).map(drop)?;
        }
        "listen" => drop(TcpListener::bind(("127.0.0.1", LISTENED))?),
        "thread" => thread::Builder::new()
            .spawn(|| ())?
            .join()
            .map_err(|_| ErrorKind::Other)?,
        "tcp" => {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            drop((
                TcpStream::connect(listener.local_addr()?)?,
                listener.accept()?,
            ));
        }
        "udp" => drop(UdpSocket::bind("127.0.0.1:0")?.send_to(b"x", "127.0.0.1:9")?),
        "notify" => drop(UnixDatagram::unbound()?),
        "unix-pair" => pair(AddressFamily::UNIX)?,
        "unix-socket" => {
            let path = folder.join("socket");
            drop(UnixListener::bind(&path)?);
            fs::remove_file(path)?;
        }
        "private-unix-socket" => {
            let path = folder.join("socket");
            let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
            rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
            rustix::net::bind(&socket, &SocketAddrUnix::new(&path)?)?;
            let mode = fs::metadata(&path)?.permissions().mode();
            fs::remove_file(path)?;
            if mode & 0o777 != 0o600 {
                return Err(ErrorKind::PermissionDenied.into());
            }
        }
        other => return Err(io::Error::new(ErrorKind::InvalidInput, other)),
    }
    Ok(())
}

fn socket(family: AddressFamily, kind: SocketType) -> io::Result<()> {
    Ok(rustix::net::socket(family, kind, None).map(drop)?)
}

fn inet(kind: SocketType, protocol: Protocol) -> io::Result<()> {
    Ok(rustix::net::socket(AddressFamily::INET, kind, Some(protocol)).map(drop)?)
}

fn tcp() -> io::Result<OwnedFd> {
    Ok(rustix::net::socket(
        AddressFamily::INET,
        SocketType::STREAM,
        None,
    )?)
}

fn pair(family: AddressFamily) -> io::Result<()> {
    let flags = SocketFlags::CLOEXEC;
    Ok(rustix::net::socketpair(family, SocketType::STREAM, flags, None).map(drop)?)
}
