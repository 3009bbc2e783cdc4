use super::*;

fn endpoint(last: u8, locality: Option<&str>, weight: Option<u32>) -> GatewayEndpoint {
    GatewayEndpoint {
        address: eastwest_mesh::Address::Ip([10, 0, 0, last].into()),
        port: 15443.try_into().unwrap(),
        weight,
        locality: locality.map(str::to_owned),
    }
}

#[test]
fn without_weights_and_localities_the_order_is_the_manifests() {
    let endpoints = [1, 2, 3].map(|last| endpoint(last, None, None));
    assert_eq!(order(&endpoints, |_| false, None, chance), [0, 1, 2]);
}

#[test]
fn ejected_ones_come_last_and_all_are_there() {
    let endpoints = [1, 2, 3].map(|last| endpoint(last, None, None));
    let first = |endpoint: &GatewayEndpoint| *endpoint == endpoints[0];
    assert_eq!(order(&endpoints, first, None, chance), [1, 2, 0]);
    assert_eq!(order(&endpoints, |_| true, None, chance), [0, 1, 2]);
}

#[test]
fn the_nearest_come_first_and_an_ejected_near_one_after_the_far_ones() {
    let own: Locality = "eu/a/1".parse().unwrap();
    let endpoints = [
        endpoint(1, None, None),
        endpoint(2, Some("us/a/1"), None),
        endpoint(3, Some("eu"), None),
        endpoint(4, Some("eu/b/1"), None),
        endpoint(5, Some("eu/a"), None),
        endpoint(6, Some("eu/a/1"), None),
    ];
    let tried = order(&endpoints, |_| false, Some(&own), chance);
    assert_eq!(tried, [5, 4, 2, 3, 0, 1]);
    let nearest = |endpoint: &GatewayEndpoint| *endpoint == endpoints[5];
    let tried = order(&endpoints, nearest, Some(&own), chance);
    assert_eq!(tried, [4, 2, 3, 0, 1, 5]);
}

#[test]
fn weights_share_connections_out_among_equally_near_gateways() {
    // Without a weight it is 1.
    let endpoints = [
        endpoint(1, None, Some(3)),
        endpoint(2, None, None),
        endpoint(3, None, Some(4)),
    ];
    let mut firsts = [0_u32; 3];
    for _ in 0..8000 {
        firsts[order(&endpoints, |_| false, None, chance)[0]] += 1;
    }
    // Six standard deviations of a fair draw are 265.
    for (first, expected) in firsts.into_iter().zip([3000, 1000, 4000]) {
        assert!(first.abs_diff(expected) < 265, "{firsts:?}");
    }
}

#[test]
fn a_weight_brings_no_far_gateway_before_a_near_one() {
    let own: Locality = "eu".parse().unwrap();
    let endpoints = [
        endpoint(1, Some("us"), Some(1000)),
        endpoint(2, Some("eu/a"), None),
    ];
    for _ in 0..100 {
        assert_eq!(order(&endpoints, |_| false, Some(&own), chance), [1, 0]);
    }
}

#[test]
fn a_locality_has_one_to_three_parts() {
    for text in ["eu", "eu/a", "eu/a/1"] {
        assert!(text.parse::<Locality>().is_ok(), "{text}");
    }
    for text in ["", "eu/", "/a", "a/b/c/d", "eu//1"] {
        assert!(text.parse::<Locality>().is_err(), "{text}");
    }
}
