//! The page around the table.

use std::process::Command;

use eastwest_e2e::faults::{CONNECT_RETRY, NOTICED_WITHIN};
use time::OffsetDateTime;
use time::macros::format_description;

/// The whole page.
pub(crate) fn page(rounds: u32, mysql: &str, table: &str) -> anyhow::Result<String> {
    let now = OffsetDateTime::now_utc().format(format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second]Z"
    ))?;
    let kernel = first_line("uname", &["-sr"]);
    let nft = first_line("nft", &["--version"]);
    let cpus = std::thread::available_parallelism()?;
    let version = env!("CARGO_PKG_VERSION");
    let (retry, limit) = (CONNECT_RETRY.as_secs(), NOTICED_WITHIN.as_secs());
    let (flag, often) = match rounds {
        1 => (String::new(), "once".to_owned()),
        _ => (format!("--rounds {rounds} "), format!("{rounds} times")),
    };
    Ok(format!(
        "# Faults\n\n\
         Written by this command:\n\n    \
         cargo run --release -p eastwest-e2e --bin faults -- {flag}--markdown docs/faults.md\n\n\
         - {now}, {kernel}, {cpus} CPUs, {nft}\n\
         - eastwest {version}, MySQL {mysql}, `SOURCE_CONNECT_RETRY` {retry} s, \
         `replica_net_timeout` 60 s, heartbeat 30 s\n\
         - each fault struck {often}, at a moment of its own, with rows written all the time\n\n\
         {NOTES}\n\n{table}\n\
         A path that is broken without a word is to be noticed within {limit} s (but for the two that only \
         MySQL notices, above), and rows are to arrive \
         again within one\n`SOURCE_CONNECT_RETRY` after it is back; the command ends with an error where \
         that is not so. It allows 1.5 s\nmore: an attempt that is under way sends its SYN once a second, \
         and MySQL counts from its end. Where the\nconnection goes on, TCP sends again within 3 s on each leg.\n"
    ))
}

const NOTES: &str = "\
A replica follows its source through resolver, shim, NAT, gateway and shim. A fault is struck, what was
killed is started again after a second (or as the table says) as a kubelet does, and nobody touches MySQL.

- *told*: the replica's own connection is no longer established, in the kernel of its pod
- *the source's thread*: the one that sent to that connection is not in the source's list any more;
  where nobody writes it ends when the replica comes back
- *rows arrive again*: from when the network passes packets, or what was killed says that it is ready
  (and the replica has been told), until the replica has more rows
- *all that piled up*: until it has one that was written after the path was back
- *rows compared*: every row of every table, after each fault. Besides, each numbered row that the
  source has acknowledged is there once, in a table without a key; the replica has no transaction of
  its own; and the source sends to one replica

What is not broken for the kernel, only MySQL notices: the kernel of a stopped gateway goes on to
answer, and where a pod's redirect is forgotten while the shim has something to say, its end is reset,
but nothing leads from there to the app's. Both last as long as `replica_net_timeout`, which is 60 s
unless it is set. Only one machine's clock was at hand, so that the certificate's times stand for a clock
that is wrong.

A shim that is killed takes a question with it that it has been asked and has not answered, and the C library waits
for the answer: glibc 5 s, with `timeout:1` in resolv.conf 1 s. The pods of the demo and the manifests for pods whose
name server is the shim have that. calling-shim-with-dns-killed struck ten times (`--only`, `--rounds 10`, an
unoptimized build): rows came again after 0.56 to 0.79 s; with `RES_OPTIONS=\"timeout:5 attempts:2\"` before the
command, which makes it glibc's own times, after 0.71 to 0.73 s where no question was lost and 4.70 to 4.79 s where
one was, five times of ten. Where neither can be set, as in a pod of the Percona operator, this is what it costs.";

fn first_line(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let text = text.unwrap_or_default();
    text.lines().next().unwrap_or(program).trim().to_owned()
}
