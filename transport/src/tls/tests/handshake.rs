//! Handshakes that succeed.

use std::time::SystemTime;

use rustls::{CipherSuite, NamedGroup, ProtocolVersion};

use super::meeting::{CLIENT, Pair, SERVER};
use super::mint::{Mint, Minted, load};
use crate::tls::MinTls;

#[tokio::test]
async fn both_ends_learn_who_the_other_is() {
    let meeting = Pair::of(&Mint::root("root")).meet().await;
    let (client, server) = meeting.ids();
    assert_eq!((client.as_str(), server.as_str()), (CLIENT, SERVER));
}

#[tokio::test]
async fn speaks_tls_1_3_with_the_hybrid_key_exchange() {
    let meeting = Pair::of(&Mint::root("root")).meet().await;
    let client = meeting.client.unwrap();
    let connection = client.get_ref().1;
    assert_eq!(
        connection.protocol_version(),
        Some(ProtocolVersion::TLSv1_3)
    );
    let suite = connection.negotiated_cipher_suite().unwrap().suite();
    assert_eq!(suite, CipherSuite::TLS13_AES_128_GCM_SHA256);
    let group = connection.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, NamedGroup::X25519MLKEM768);
}

#[tokio::test]
async fn intermediates_of_two_clusters_work_together_under_one_root() {
    let root = Mint::root("root");
    let (a, b) = (root.intermediate("a"), root.intermediate("b"));
    let meeting = Pair::new(b.identity(CLIENT), a.identity(SERVER))
        .meet()
        .await;
    assert_eq!(meeting.ids().1.as_str(), SERVER);
}

#[tokio::test]
async fn rsa_and_ecdsa_work_together_in_both_directions() {
    let mint = Mint::root("root");
    let rsa = |id| mint.identity_of(&mint.rsa_leaf(id));
    for (client, server) in [
        (rsa(CLIENT), mint.identity(SERVER)),
        (mint.identity(CLIENT), rsa(SERVER)),
    ] {
        let mut pair = Pair::new(client, server);
        for min in [MinTls::Tls13, MinTls::Tls12] {
            (pair.client_min, pair.server_min) = (min, min);
            pair.meet().await.ids();
        }
    }
}

#[tokio::test]
async fn a_chain_may_hold_the_root_twice_and_strangers_in_any_order() {
    let root = Mint::root("root");
    let cluster = root.intermediate("cluster");
    let stranger = Mint::root("stranger").root;
    let Minted { cert, key } = cluster.leaf(SERVER);
    let leaf = cert.strip_suffix(&cluster.chain).unwrap();
    let cert = [leaf, &root.root, &stranger, &cluster.chain, &root.root].concat();
    let server = cluster.identity_of(&Minted { cert, key });
    Pair::new(root.identity(CLIENT), server).meet().await.ids();
}

#[tokio::test]
async fn two_roots_are_trusted_while_one_follows_the_other() {
    let (old, new) = (Mint::root("root"), Mint::root("root"));
    let both = format!("{}{}", old.root, new.root);
    let now = SystemTime::now();
    let client = load(&old.leaf(CLIENT), &both, now).unwrap();
    let server = load(&new.leaf(SERVER), &both, now).unwrap();
    assert_eq!(client.roots().len(), 2);
    Pair::new(client, server).meet().await.ids();
}

#[tokio::test]
async fn tls_1_2_is_spoken_where_both_ends_allow_it_and_one_knows_no_better() {
    let mint = Mint::root("root");
    let mut pair = Pair::of(&mint);
    (pair.client_min, pair.server_min) = (MinTls::Tls12, MinTls::Tls12);
    let meeting = super::versions::with_old_client(&pair).await;
    let version = meeting
        .server
        .as_ref()
        .unwrap()
        .get_ref()
        .1
        .protocol_version();
    assert_eq!(version, Some(ProtocolVersion::TLSv1_2));
    assert_eq!(meeting.ids().0.as_str(), CLIENT);
}
