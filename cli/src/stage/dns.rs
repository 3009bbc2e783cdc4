//! A cluster's DNS server: `eastwest stage-dns`.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use hickory_proto::op::{MessageType, Metadata, OpCode, ResponseCode};
use hickory_proto::rr::rdata::SOA;
use hickory_proto::rr::{LowerName, Name, RData, Record, RecordType};
use hickory_server::Server;
use hickory_server::net::runtime::Time;
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use tokio::net::{TcpListener, UdpSocket};

use super::zone::{Answer, Family, Zone};

/// Longer than any pause of a client that still wants an answer.
const TCP_IDLE: Duration = Duration::from_secs(10);
/// Answers that wait for a slow reader of one TCP connection.
const TCP_BACKLOG: usize = 64;
/// How long "there is none" may be kept: short, as tests create names.
const NEGATIVE_TTL: u32 = 1;

/// Where to listen and what to answer.
#[derive(Debug, clap::Args)]
pub struct DnsArgs {
    /// Address for UDP and TCP
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// File of lines NAME A|AAAA ADDRESS TTL, read anew for every query
    #[arg(long, value_name = "FILE")]
    zone: PathBuf,
}

/// Serves until killed. Says `listening on ADDRESS` on standard output once it does.
pub(super) fn run(args: &DnsArgs) -> anyhow::Result<ExitCode> {
    read(&args.zone)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(args))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(args: &DnsArgs) -> anyhow::Result<()> {
    let what = || format!("cannot listen on {}", args.listen);
    // TCP first: with port 0, the port that is free for TCP is asked for with UDP, too.
    let tcp = TcpListener::bind(args.listen).await.with_context(what)?;
    let address = tcp.local_addr()?;
    let udp = UdpSocket::bind(address).await.with_context(what)?;
    let mut server = Server::new(ClusterDns {
        file: args.zone.clone(),
    });
    server.register_socket(udp);
    server.register_listener(tcp, TCP_IDLE, TCP_BACKLOG);
    let _ = writeln!(std::io::stdout(), "listening on {address}");
    server.block_until_done().await.context("serving DNS")
}

fn read(file: &Path) -> anyhow::Result<Zone> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    text.parse()
        .with_context(|| format!("in {}", file.display()))
}

struct ClusterDns {
    file: PathBuf,
}

/// An answer's parts: code, answers, and the SOA of a negative one.
type Parts = (ResponseCode, Vec<Record>, Vec<Record>);

impl ClusterDns {
    fn answer(&self, request: &Request) -> Parts {
        if request.metadata.message_type != MessageType::Query
            || request.metadata.op_code != OpCode::Query
        {
            return (ResponseCode::NotImp, Vec::new(), Vec::new());
        }
        let Ok(info) = request.request_info() else {
            return (ResponseCode::FormErr, Vec::new(), Vec::new());
        };
        let (name, kind) = (info.query.name(), info.query.query_type());
        // The file is small and this process serves one cluster of a test: no thread is worth it.
        match read(&self.file) {
            Ok(zone) => parts(name, zone.look_up(name, family(kind))),
            Err(problem) => {
                let _ = writeln!(std::io::stderr(), "eastwest stage-dns: {problem:#}");
                (ResponseCode::ServFail, Vec::new(), Vec::new())
            }
        }
    }
}

fn family(kind: RecordType) -> Family {
    match kind {
        RecordType::A => Family::V4,
        RecordType::AAAA => Family::V6,
        _ => Family::Other,
    }
}

fn parts(name: &LowerName, answer: Answer) -> Parts {
    match answer {
        Answer::Addresses(addresses) => {
            let record = |(address, ttl)| {
                let data = match address {
                    IpAddr::V4(v4) => RData::A(v4.into()),
                    IpAddr::V6(v6) => RData::AAAA(v6.into()),
                };
                Record::from_rdata(name.into(), ttl, data)
            };
            let answers = addresses.into_iter().map(record).collect();
            (ResponseCode::NoError, answers, Vec::new())
        }
        Answer::NoData => (
            ResponseCode::NoError,
            Vec::new(),
            vec![start_of_authority()],
        ),
        Answer::NoSuchName => (
            ResponseCode::NXDomain,
            Vec::new(),
            vec![start_of_authority()],
        ),
    }
}

/// The server stands for the whole DNS of a cluster that reaches no other, so its zone is the root.
fn start_of_authority() -> Record {
    let soa = SOA::new(Name::root(), Name::root(), 1, 60, 60, 60, NEGATIVE_TTL);
    Record::from_rdata(Name::root(), NEGATIVE_TTL, RData::SOA(soa))
}

#[async_trait::async_trait]
impl RequestHandler for ClusterDns {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut response_handle: R,
    ) -> ResponseInfo {
        let (code, answers, soa) = self.answer(request);
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.authoritative = true;
        metadata.response_code = code;
        let response = MessageResponseBuilder::from_message_request(request).build(
            metadata,
            &answers,
            [],
            &soa,
            [],
        );
        match response_handle.send_response(response).await {
            Ok(info) => info,
            Err(problem) => {
                let _ = writeln!(
                    std::io::stderr(),
                    "eastwest stage-dns: answering: {problem}"
                );
                ResponseInfo::from(hickory_proto::op::Header {
                    metadata,
                    counts: hickory_proto::op::HeaderCounts::default(),
                })
            }
        }
    }
}
