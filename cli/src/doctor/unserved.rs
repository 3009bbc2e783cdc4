//! Why the shim of this pod does not serve an alias of its manifests, as it tells at its admin address.

use eastwest_daemon::EndpointAddress;
use eastwest_mesh::Route;
use serde::Deserialize;
use tokio::time::timeout;

use super::shim;

/// A route that is not served (`daemon/src/status/judged.rs`).
const DOWN: &str = "down";

/// What `/status.json` says of names, and of routes where another program answers the names.
#[derive(Deserialize)]
struct Told {
    names: Option<Names>,
    #[serde(default)]
    routes: Vec<Served>,
}

#[derive(Deserialize)]
struct Names {
    down: Vec<DownName>,
}

#[derive(Deserialize)]
struct DownName {
    alias: String,
    reason: String,
}

#[derive(Deserialize)]
struct Served {
    name: String,
    state: String,
    reason: Option<String>,
}

/// None where no shim tells, or it serves the alias.
pub(super) async fn why(admin: EndpointAddress, route: &Route) -> Option<String> {
    let asking = shim::get(admin.get()?, "/status.json");
    let answer = timeout(shim::PATIENCE, asking).await.ok()?.ok()?;
    reason(&answer, route.alias.as_str(), route.port.get())
}

fn reason(answer: &str, alias: &str, port: u16) -> Option<String> {
    let told: Told = serde_json::from_str(shim::body(answer)?).ok()?;
    let mut names = told.names.into_iter().flat_map(|names| names.down);
    if let Some(name) = names.find(|name| name.alias == alias) {
        return Some(name.reason);
    }
    let whole = format!("{alias}:{port}");
    let mut routes = told.routes.into_iter();
    routes
        .find(|route| route.name == whole && route.state == DOWN)?
        .reason
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALIAS: &str = "src-db-0.pxc.svc.cluster.local";

    fn told(body: &str) -> Option<String> {
        reason(&format!("HTTP/1.1 200 OK\r\n\r\n{body}"), ALIAS, 3306)
    }

    #[test]
    fn an_alias_is_down_by_its_name_or_by_its_route() {
        let by_name = format!(r#"{{"names":{{"down":[{{"alias":"{ALIAS}","reason":"taken"}}]}}}}"#);
        assert_eq!(told(&by_name).as_deref(), Some("taken"));
        let by_route = |state: &str, port: u16| {
            let route = format!(r#"{{"name":"{ALIAS}:{port}","state":"{state}","reason":"why"}}"#);
            told(&format!(r#"{{"names":null,"routes":[{route}]}}"#))
        };
        assert_eq!(by_route("down", 3306).as_deref(), Some("why"));
        assert_eq!(by_route("degraded", 3306), None);
        assert_eq!(by_route("down", 3307), None);
        assert_eq!(told("[]"), None);
    }
}
