use arc_swap::ArcSwap;
use eastwest_daemon::Workload;
use hickory_proto::{
    op::{Message, MessageType, OpCode, Query},
    rr::{Name, RecordType},
};
use proptest::{collection::vec, prelude::*};
use tokio::sync::mpsc;

use super::*;
use crate::{
    alias::{AliasTable, search::SearchDomains},
    config::Forwarding,
};

const ALIAS: &str = "src-hello-0.demo.svc.cluster.local";

fn dispatcher() -> Arc<Dispatcher> {
    let table = AliasTable::new([(ALIAS.parse().unwrap(), ["127.64.0.1".parse().unwrap()])]);
    let zone = AliasZone {
        table: Arc::new(ArcSwap::from_pointee(table)),
        search: SearchDomains::new("cluster.local".parse().unwrap(), []),
        ttl: 5,
        recursion: false,
    };
    let forwarder = Forwarder::new(&Forwarding::default());
    Arc::new(Dispatcher {
        zone,
        forwarder,
        metrics: QueryMetrics::new(),
    })
}

fn good() -> Vec<u8> {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    let name = Name::from_ascii(format!("{ALIAS}.svc.cluster.local.")).unwrap();
    message.add_query(Query::query(name, RecordType::A));
    message.edns = Some(Default::default());
    message.to_vec().unwrap()
}

/// Noise, or a good question with some octets changed and its end cut off: that gets further.
fn packets() -> impl Strategy<Value = Vec<u8>> {
    let good = good();
    let changes = vec((0..good.len(), any::<u8>()), 0..8);
    let changed = (changes, 0..=good.len()).prop_map(move |(changes, cut)| {
        let mut octets = good.clone();
        for (place, octet) in changes {
            octets[place] = octet;
        }
        octets.truncate(octets.len() - cut / 8);
        octets
    });
    prop_oneof![1 => vec(any::<u8>(), 0..300), 4 => changed]
}

/// What comes back for a packet.
fn answer(packet: &[u8]) -> Option<Vec<u8>> {
    let (sender, mut answers) = mpsc::channel(1);
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let route = Route::Tcp {
            answers: sender,
            work: Workload::default().begin(),
        };
        let forward = dispatcher().receive(packet.to_vec(), peer, route).await;
        assert!(
            forward.is_none(),
            "nothing is forwarded without an upstream"
        );
    });
    answers.try_recv().ok().map(|(answer, _)| answer)
}

#[test]
fn the_good_question_of_these_tests_is_answered() {
    let answer = Message::from_vec(&answer(&good()).unwrap()).unwrap();
    assert_eq!(answer.answers.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_packet_gets_one_answer_to_it_or_none(packet in packets()) {
        let is_question = Header::read(&packet).is_some_and(|header| !header.is_response());
        let answer = answer(&packet);
        prop_assert_eq!(answer.is_some(), is_question);
        if let Some(answer) = answer {
            let header = Header::read(&answer).unwrap();
            prop_assert!(header.is_response());
            prop_assert_eq!(&answer[..2], &packet[..2]);
        }
    }
}
