//! What programs print when they are ready, and never when they are not.

use std::net::SocketAddr;

use serde_json::Value;

/// What `stage-dns` and `stage-hello` print when they have got their address, and only then.
pub(super) fn listens(printed: &str, address: SocketAddr) -> bool {
    let success = format!("listening on {address}");
    printed.lines().any(|line| line == success)
}

/// What the three servers log when nothing stands in the way any more.
pub(super) fn is_ready(printed: &str) -> bool {
    printed
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .any(|line| line.get("message").is_some_and(|said| said == "ready"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_was_not_to_be_had_is_no_success() {
        let address = "127.71.0.10:8080".parse().unwrap();
        assert!(listens("listening on 127.71.0.10:8080\n", address));
        for printed in [
            "",
            "eastwest: cannot listen on 127.71.0.10:8080: Address already in use\n",
            "eastwest: listening on 127.71.0.10:8080: Address already in use\n",
            "listening on 127.71.0.11:8080\n",
        ] {
            assert!(!listens(printed, address), "{printed}");
        }
    }

    #[test]
    fn a_server_is_ready_by_the_message_of_that_name_only() {
        assert!(is_ready("{\"level\":\"info\",\"message\":\"ready\"}\n"));
        for printed in [
            "",
            "ready\n",
            "{\"message\":\"ready listens on 127.0.0.1:15021\"}\n",
            "{\"message\":\"not ready: start: has not reported yet\"}\n",
        ] {
            assert!(!is_ready(printed), "{printed}");
        }
    }
}
