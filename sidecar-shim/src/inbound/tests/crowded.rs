//! Places, and who gives his up.

use std::io::ErrorKind;

use super::*;

#[tokio::test]
async fn who_says_nothing_whole_is_reset_for_one_who_speaks() {
    let pod = pod(1).await;
    let mut silent = TcpStream::connect(pod.address).await.unwrap();
    silent.write_all(&[22]).await.unwrap();
    while pod.context.connections.is_empty() {
        tokio::task::yield_now().await;
    }
    let (_caller, _app) = timeout(PATIENCE, pod.call()).await.unwrap();
    let ended = timeout(PATIENCE, silent.read(&mut [0])).await.unwrap();
    // An orderly end would stay in the kernel until the other side ends as well.
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset);
}
