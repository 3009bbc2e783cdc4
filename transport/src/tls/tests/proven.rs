//! What is remembered of chains never changes an outcome.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use rcgen::ExtendedKeyUsagePurpose;
use rustls::pki_types::CertificateDer;

use super::meeting::{CLIENT, SERVER};
use super::mint::{HOUR, Mint, set_validity};
use crate::tls::chain::verify_chain;
use crate::tls::peer::{PeerFault, Side};
use crate::tls::pem;
use crate::tls::proven::{Proven, Seen};
use crate::tls::roots::Roots;
use crate::tls::validity::{Validity, to_unix_time};

type Chain = Vec<CertificateDer<'static>>;

fn chain(pem: &str) -> Chain {
    pem::certificates(pem.as_bytes()).unwrap()
}

fn verify(roots: &Roots, chain: &Chain, side: Side, at: SystemTime) -> Result<(), PeerFault> {
    let (leaf, others) = chain.split_first().unwrap();
    verify_chain(leaf, others, roots, side, to_unix_time(at))
}

/// Chains of all kinds with the roots that judge them, around one moment.
struct World {
    now: SystemTime,
    roots: Chain,
    chains: Vec<Chain>,
}

impl World {
    fn roots(&self) -> Roots {
        Roots::new(&self.roots, self.now).unwrap()
    }
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    // To the second, as certificates have it.
    let now = SystemTime::UNIX_EPOCH
        + Duration::from_secs(
            SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap()
                .as_secs(),
        );
    let between = |begin: u32, end: u32| {
        move |params: &mut rcgen::CertificateParams| {
            set_validity(params, now - begin * HOUR, now + end * HOUR);
        }
    };
    let root = Mint::root_with("root", between(9, 9));
    let ending = Mint::root_with("ending", between(9, 2));
    let stranger = Mint::root_with("root", between(9, 9));
    let cluster = root.intermediate_with("cluster", between(3, 5));
    let other = root.intermediate_with("other", between(9, 9));
    let serving = root.intermediate_with("serving", |params| {
        between(9, 9)(params);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let leaf = |mint: &Mint, id: &str| chain(&mint.leaf_with(id, between(8, 8)).cert);
    let good = leaf(&cluster, SERVER);
    let lonely = good[..1].to_vec();
    let misled = vec![good[0].clone(), chain(&other.chain)[0].clone()];
    let twice = [good.clone(), chain(&root.root), good[1..].to_vec()].concat();
    let calling = chain(
        &cluster
            .leaf_with(CLIENT, |params| {
                between(1, 1)(params);
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            })
            .cert,
    );
    World {
        now,
        roots: [chain(&root.root), chain(&ending.root)].concat(),
        chains: vec![
            good,
            lonely,
            misled,
            twice,
            calling,
            leaf(&serving, SERVER),
            leaf(&root, CLIENT),
            leaf(&ending, CLIENT),
            leaf(&stranger, SERVER),
            leaf(&stranger.intermediate("cluster"), SERVER),
        ],
    }
});

proptest! {
    #[test]
    fn an_outcome_is_that_of_roots_without_a_memory(
        questions in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<bool>(), -10 * 3600..10 * 3600_i64),
            1..40,
        ),
    ) {
        let world = &*WORLD;
        let remembering = world.roots();
        for (chain, server, seconds) in questions {
            let chain = chain.get(&world.chains);
            let side = if server { Side::Server } else { Side::Client };
            // Whole hours are the moments at which things begin and end.
            let seconds = if seconds % 2 == 0 { seconds } else { seconds / 3600 * 3600 };
            let distance = Duration::from_secs(seconds.unsigned_abs());
            let at = if seconds < 0 { world.now - distance } else { world.now + distance };
            let outcome = verify(&remembering, chain, side, at);
            let anew = verify(&world.roots(), chain, side, at);
            prop_assert_eq!(
                outcome.map_err(|fault| fault.to_string()),
                anew.map_err(|fault| fault.to_string())
            );
        }
    }
}

#[test]
fn a_chain_is_remembered_for_the_end_it_was_verified_for() {
    let world = &*WORLD;
    let roots = world.roots();
    let chain = &world.chains[0];
    for _ in 0..3 {
        verify(&roots, chain, Side::Server, world.now).unwrap();
    }
    assert_eq!(roots.proven().len(), 1);
    verify(&roots, chain, Side::Client, world.now).unwrap();
    assert_eq!(roots.proven().len(), 2);
}

#[test]
fn what_was_refused_leaves_nothing() {
    let world = &*WORLD;
    let roots = world.roots();
    let stranger = &world.chains[8];
    verify(&roots, stranger, Side::Server, world.now).unwrap_err();
    assert_eq!(roots.proven().len(), 0);
}

#[test]
fn a_chain_that_was_good_is_refused_when_its_ca_has_expired() {
    let world = &*WORLD;
    let roots = world.roots();
    let chain = &world.chains[0];
    verify(&roots, chain, Side::Server, world.now + 5 * HOUR).unwrap();
    let later = world.now + 5 * HOUR + Duration::from_secs(1);
    let fault = verify(&roots, chain, Side::Server, later).unwrap_err();
    assert!(matches!(fault, PeerFault::Issuer(_)), "{fault}");
}

#[test]
fn a_byte_in_another_place_is_another_chain() {
    let bytes = |bytes: &[u8]| CertificateDer::from(bytes.to_vec());
    let one = Seen::of(&bytes(b"ab"), &[bytes(b"c")], Side::Server);
    let two = Seen::of(&bytes(b"a"), &[bytes(b"bc")], Side::Server);
    let three = Seen::of(&bytes(b"ab"), &[bytes(b"c"), bytes(b"")], Side::Server);
    assert!(one != two && one != three && two != three);
}

#[test]
fn the_memory_has_an_end() {
    let proven = Proven::default();
    let now = SystemTime::now();
    let always = Validity {
        not_before: now - HOUR,
        not_after: now + HOUR,
    };
    let seen = |number: u32| {
        let leaf = CertificateDer::from(number.to_be_bytes().to_vec());
        Seen::of(&leaf, &[], Side::Server)
    };
    for number in 0..5000 {
        proven.remember(seen(number), always);
        assert!(proven.holds(&seen(number), now));
        assert!(proven.len() <= 1024);
    }
}
