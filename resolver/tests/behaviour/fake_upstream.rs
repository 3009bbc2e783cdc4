//! A name server that does what the test says, and remembers what it was asked.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use hickory_proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{RData, Record, rdata::A},
};
use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    task::AbortHandle,
};

use crate::ask;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    Udp,
    Tcp,
}

/// One question that came, with the port it came from.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) via: Via,
    pub(crate) from: SocketAddr,
    pub(crate) octets: Vec<u8>,
}

pub(crate) struct FakeUpstream {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    tasks: [AbortHandle; 2],
}

impl FakeUpstream {
    /// `script` gives the messages that are sent back for one question: none is silence.
    pub(crate) async fn start<F>(script: F) -> Self
    where
        F: Fn(&[u8], Via) -> Vec<Vec<u8>> + Send + Sync + 'static,
    {
        let (udp, tcp) = sockets().await;
        let address = udp.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script = Arc::new(script);
        let over_udp = {
            let (asked, script) = (Arc::clone(&asked), Arc::clone(&script));
            tokio::spawn(async move {
                let mut buffer = vec![0; 65_535];
                while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
                    let octets = buffer[..length].to_vec();
                    if is_probe(&octets) {
                        udp.send_to(&answer_to(&octets).to_vec().unwrap(), from)
                            .await
                            .unwrap();
                        continue;
                    }
                    let answers = script(&octets, Via::Udp);
                    asked.lock().unwrap().push(Asked {
                        via: Via::Udp,
                        from,
                        octets,
                    });
                    for answer in answers {
                        udp.send_to(&answer, from).await.unwrap();
                    }
                }
            })
        };
        let over_tcp = {
            let asked = Arc::clone(&asked);
            tokio::spawn(async move {
                while let Ok((stream, from)) = tcp.accept().await {
                    tokio::spawn(serve_tcp(
                        stream,
                        from,
                        Arc::clone(&script),
                        Arc::clone(&asked),
                    ));
                }
            })
        };
        let tasks = [over_udp.abort_handle(), over_tcp.abort_handle()];
        Self {
            address,
            asked,
            tasks,
        }
    }

    /// Answers every question for an address with that one.
    pub(crate) async fn answering(address: [u8; 4]) -> Self {
        Self::start(move |asked, _| vec![answer_with(asked, address)]).await
    }

    /// Answers every question with that code.
    pub(crate) async fn saying(code: ResponseCode) -> Self {
        Self::start(move |asked, _| {
            let mut answer = answer_to(asked);
            answer.metadata.response_code = code;
            vec![answer.to_vec().unwrap()]
        })
        .await
    }

    pub(crate) async fn silent() -> Self {
        Self::start(|_, _| Vec::new()).await
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for FakeUpstream {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

async fn serve_tcp<F>(
    mut stream: TcpStream,
    from: SocketAddr,
    script: Arc<F>,
    asked: Arc<Mutex<Vec<Asked>>>,
) where
    F: Fn(&[u8], Via) -> Vec<Vec<u8>>,
{
    while let Some(octets) = ask::receive_framed(&mut stream).await {
        let answers = script(&octets, Via::Tcp);
        asked.lock().unwrap().push(Asked {
            via: Via::Tcp,
            from,
            octets,
        });
        for answer in answers {
            ask::send_framed(&mut stream, &answer).await;
        }
    }
}

/// The question with which the resolver looks for loops: it is in no test's script.
fn is_probe(octets: &[u8]) -> bool {
    octets.windows(PROBE.len()).any(|window| window == PROBE)
}

const PROBE: &[u8] = b"eastwest-loop";

/// One free port for both.
async fn sockets() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
}

/// An address on which nothing listens.
pub(crate) async fn closed_port() -> SocketAddr {
    let (udp, _tcp) = sockets().await;
    udp.local_addr().unwrap()
}

/// The start of an answer to a question: its ID, flags and question section.
pub(crate) fn answer_to(asked: &[u8]) -> Message {
    let asked = Message::from_vec(asked).unwrap();
    let mut answer = Message::new(
        asked.metadata.id,
        MessageType::Response,
        asked.metadata.op_code,
    );
    answer.metadata.recursion_desired = asked.metadata.recursion_desired;
    answer.metadata.recursion_available = true;
    answer.queries = asked.queries;
    answer
}

pub(crate) fn answer_with(asked: &[u8], [a, b, c, d]: [u8; 4]) -> Vec<u8> {
    let mut answer = answer_to(asked);
    let name = answer.queries[0].name().clone();
    answer.add_answer(Record::from_rdata(name, 60, RData::A(A::new(a, b, c, d))));
    answer.to_vec().unwrap()
}
