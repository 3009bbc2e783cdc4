//! Aliases that are down, and what is asked about them.

use super::*;

#[tokio::test]
async fn an_alias_that_a_manifest_gets_wrong_fails_until_it_is_mended() {
    let upstream = FakeUpstream::answering([192, 0, 2, 1]).await;
    let folder = tempfile::tempdir().unwrap();
    let good = service_entry("hello-0", "127.64.9.1");
    let bad = good.replace("number: 8080", "number: http");
    write(&folder, "hello-0.yaml", &bad);
    let mut program = start(&folder, &upstream.address.to_string());
    let asked = question(HELLO, RecordType::A);
    let answer = udp(program.address("resolver"), &asked).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::ServFail);
    write(&folder, "hello-0.yaml", &good);
    program.wait_for("manifests read again");
    let answer = udp(program.address("resolver"), &asked).await;
    assert_eq!(addresses(&answer), ["127.64.9.1"]);
}

#[tokio::test]
async fn ranges_of_addresses_that_are_redirected_can_be_given() {
    let folder = tempfile::tempdir().unwrap();
    write(
        &folder,
        "hello-0.yaml",
        &service_entry("hello-0", "10.9.0.1"),
    );
    let flags = [
        "-f",
        text(folder.path()),
        "--upstream",
        UNUSED,
        "--mode",
        "redirect",
    ];
    let outside = Program::start(&flags);
    assert_eq!(answer(&outside, HELLO).await, [""; 0]);
    let flags = [&flags[..], &["--range", "10.9.0.0/16"]].concat();
    let inside = Program::start(&flags);
    assert_eq!(answer(&inside, HELLO).await, ["10.9.0.1"]);
}
