//! The cluster's DNS server, asked directly.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use tempfile::TempDir;

use super::{EASTWEST, Server};

const POD: &str = "hello-0.hello.demo.svc.cluster.local.";

struct Dns {
    address: String,
    zone: PathBuf,
    _server: Server,
    _directory: TempDir,
}

impl Dns {
    fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let zone = directory.path().join("zone");
        std::fs::write(&zone, format!("{POD} A 10.71.0.10 5\n")).expect("writes");
        let mut command = Command::new(EASTWEST);
        command
            .args(["stage-dns", "--listen", "127.0.0.1:0", "--zone"])
            .arg(&zone);
        let (server, address) = Server::listening(command);
        Self {
            address,
            zone,
            _server: server,
            _directory: directory,
        }
    }

    fn ask(&self, name: &str, kind: RecordType) -> Message {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a time-out");
        socket
            .send_to(&query(name, kind), &self.address)
            .expect("sends");
        let mut answer = [0; 512];
        let length = socket.recv(&mut answer).expect("an answer");
        Message::from_vec(&answer[..length]).expect("a DNS message")
    }

    fn ask_by_tcp(&self, name: &str, kind: RecordType) -> Message {
        let mut stream = TcpStream::connect(&self.address).expect("connects");
        let query = query(name, kind);
        let length = u16::try_from(query.len()).expect("short").to_be_bytes();
        stream
            .write_all(&[&length[..], &query].concat())
            .expect("sends");
        let mut length = [0; 2];
        stream.read_exact(&mut length).expect("a length");
        let mut answer = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut answer).expect("an answer");
        Message::from_vec(&answer).expect("a DNS message")
    }
}

fn query(name: &str, kind: RecordType) -> Vec<u8> {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(Name::from_ascii(name).expect("a name"), kind));
    message.to_vec().expect("encodes")
}

fn addresses(message: &Message) -> Vec<IpAddr> {
    message
        .answers
        .iter()
        .filter_map(|record| record.data.ip_addr())
        .collect()
}

fn has_soa(message: &Message) -> bool {
    message
        .authorities
        .iter()
        .any(|record| record.record_type() == RecordType::SOA)
}

#[test]
fn a_name_is_answered_with_authority_over_udp_and_tcp() {
    let dns = Dns::start();
    for answer in [
        dns.ask(POD, RecordType::A),
        dns.ask_by_tcp(POD, RecordType::A),
    ] {
        assert_eq!(answer.metadata.response_code, ResponseCode::NoError);
        assert!(answer.metadata.authoritative);
        assert_eq!(
            addresses(&answer),
            [IpAddr::V4(Ipv4Addr::new(10, 71, 0, 10))]
        );
        assert_eq!(answer.answers[0].ttl, 5);
    }
}

#[test]
fn a_family_that_a_name_has_not_is_no_data_with_soa() {
    let answer = Dns::start().ask(POD, RecordType::AAAA);
    assert_eq!(answer.metadata.response_code, ResponseCode::NoError);
    assert_eq!(addresses(&answer), [] as [IpAddr; 0]);
    assert!(has_soa(&answer));
}

#[test]
fn a_name_outside_the_zone_does_not_exist_and_has_soa() {
    let answer = Dns::start().ask("src-hello-0.demo.svc.cluster.local.", RecordType::A);
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
    assert!(has_soa(&answer));
}

#[test]
fn a_change_of_the_file_is_in_the_next_answer() {
    let dns = Dns::start();
    dns.ask(POD, RecordType::A);
    std::fs::write(&dns.zone, format!("{POD} A 10.71.0.99 5\n")).expect("writes");
    let answer = dns.ask(POD, RecordType::A);
    assert_eq!(
        addresses(&answer),
        [IpAddr::V4(Ipv4Addr::new(10, 71, 0, 99))]
    );
}

#[test]
fn a_broken_file_is_a_server_failure_until_it_is_mended() {
    let dns = Dns::start();
    std::fs::write(&dns.zone, "nonsense\n").expect("writes");
    let answer = dns.ask(POD, RecordType::A);
    assert_eq!(answer.metadata.response_code, ResponseCode::ServFail);
    std::fs::write(&dns.zone, format!("{POD} A 10.71.0.10 5\n")).expect("writes");
    assert_eq!(addresses(&dns.ask(POD, RecordType::A)).len(), 1);
}

#[test]
fn a_broken_file_at_the_start_is_refused_with_its_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let zone = directory.path().join("zone");
    std::fs::write(&zone, "# fine\nnonsense\n").expect("writes");
    let output = Command::new(EASTWEST)
        .args(["stage-dns", "--listen", "127.0.0.1:0", "--zone"])
        .arg(&zone)
        .output()
        .expect("runs");
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("zone: line 2: 1 words"), "{error}");
}
