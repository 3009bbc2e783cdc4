//! docs/doctor.md.

use std::fmt::Write;

use super::fault::Fault;
use super::step::Step;

/// The whole page.
pub(super) fn all() -> String {
    let mut page = String::from(HEAD);
    for step in Step::ALL {
        let _ = writeln!(page, "| `{}` | {} |", step.name(), step.words());
    }
    page.push_str(FAULTS);
    for fault in Fault::ALL {
        let _ = writeln!(
            page,
            "| `{}` | `{}` | {} | {} | `{}` |",
            fault.code(),
            fault.step().name(),
            cluster(*fault),
            cell(fault.sentence()),
            cell(fault.next())
        );
    }
    page
}

fn cluster(fault: Fault) -> &'static str {
    match fault.place().code() {
        "a" => "A",
        "b" => "B",
        other => other,
    }
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

const HEAD: &str = "\
# What `eastwest doctor` can tell

Made by `cargo run -- doctor --markdown`; a test holds it against the program.

`eastwest doctor ALIAS`, in the pod that calls (in mode `service` in that of the egress), takes what it has to know
from the shim there, which tells its flags at its admin address; what is given by flags of the same names (`-f
MANIFESTS --identity DIR --mode MODE`) comes before that. It walks the way that a connection of its apps would go, and stops at the first broken hop. It changes nothing: no file, no rule, no route. The
logs of the gateway and the shims have it at most as connections that were ended. `--outside` leaves the hops
within the pod out, for a laptop with the manifests: it asks no shim and no variable, so that `-f` has to be given. Without `--identity`, which it may lack there, the way is walked
as far as the certificate that the pod shows: whether it is the right one, and what the pod says of us, is skipped.

Where no shim tells its flags, the variables for them do (`EASTWEST_MANIFESTS`, `EASTWEST_IDENTITY`, `EASTWEST_MODE`, ...),
as the shim's own container has them. Where they don't, either, and the shim is down or hangs, that is what is told of each
alias that was asked for, or of `*` with `--all`; where it runs, and has no `--admin-address`, `-f` and `--identity` (or `--cert`, `--key` and `--roots`) have to
be given. `EASTWEST_ADMIN_ADDRESS` is where it is asked. A setting that this program can't read is a note, and so is what
can't be read of the manifests, with file and line.

It is in the program `eastwest`, and the image of that name. Where the pod's shim is `eastwest shim`, as in
`deploy/mixed`, `kubectl exec POD -c eastwest-shim -- eastwest doctor ...` has it. Elsewhere an ephemeral container
of that image does, in the PID namespace of the shim and as its user (1337): it mounts nothing, and finds the files
that the shim names below `/proc/PID/root`, where PID is what the shim says that its own is, and a program of ours has it:

    kubectl debug POD -it --target=eastwest-shim --image=ghcr.io/eastwest-mesh/eastwest:VERSION -- eastwest doctor --all

A test has doctor find a running shim's files so, from a mount namespace in which they are not there; kubectl was not
there to be tried.

| hop | what is looked at |
|---|---|
";

const FAULTS: &str = "
What the shim needs comes before the shim, and the shim before what it serves, so that the first broken hop is
why the others are. Of several gateways each is tried; where one leads to the app, the others are notes.

**MySQL hears nothing of it.** It counts every connection that does not log in (`Aborted_connects`, and by its
manual towards `max_connect_errors`, after which it lets nobody in from there); to read its greeting is such a
connection. So the far shim is asked, over the same TLS, with the same identities and by the same list, whether
somebody listens at the app's port; it reads that from the kernel. Whether a MySQL answers there is not known then,
as one that hangs listens, too: the hop is `skipped`, not `ok`. `--mysql-user NAME` connects, logs in as an
account without a password or any right, and out again, which counts nowhere; `--greeting` hears the greeting
alone, and counts. Behind a sidecar that is none of ours (Envoy) the app is dialled as soon as TLS is, and counts in any
case: it is heard there, and whether we may call is not known, as Envoy judges that by the caller's first byte.

**Cluster A's half** is seen where its gateway is `eastwest gateway --probe-identity DIR --probe-allow SPIFFE-ID` (the
program `eastwest-gateway` has no TLS of its own, and can hold no key): it says, over mutual TLS, whether it exports the server name, and what came of looking up and dialling the pod. Where it tells
nothing, as Istio's never does, that is inferred from alerts and silence, and `pod-unreachable` or
`gateway-hung-up` stand for what can't be told apart. A gateway of ours minds a protocol that is not for it only where
it exports the name, and Istio's hangs up where it does not, as often as it is asked, so that `wrong-pod` is told apart from `not-exported`; of a
plain server name (none of Istio's form) behind a gateway of ours that tells nothing it is not. Where the server name is
one that a DestinationRule of cluster B sets, and another than it would be without that rule, it is `rule-not-exported`, and beside
`pod-name-unknown` and `pod-unreachable`, which it can be under a wildcard, the rule is told.
Of a pod that says nothing for two seconds it
is tried whether it answers hellos that fit into one packet, and larger ones: each is refused with a few bytes.

Exit status: 0 every alias leads to its app, as far as could be looked at; 1 a hop is broken; 2 wrong usage, an unknown
alias or an unreadable file, of which standard error tells. With `--wait 60s` it walks again each second until the
status is 0 or the time is over; meanwhile files may be missing or unreadable, too.

`-o json` has the same for programs, on standard output, with no other text:

| field | what it is |
|---|---|
| `version` | 1; fields are added and never change their meaning |
| `healthy` | whether the exit status is 0 |
| `notes[]` | settings that can't be read, and what can't be read of the manifests |
| `routes[].alias`, `.port`, `.healthy` | one for each port of each alias, in the order of the manifests, those that are down first |
| `routes[].steps[].step`, `.outcome`, `.seen`, `.took_ms` | the hops so far; `outcome` is `ok`, `skipped` or `broken` |
| `routes[].notes[]` | other gateways of the route that do not lead there |
| `routes[].fault` | null, or `code`, `step`, `cluster`, `sentence`, `seen` and `next` (the command to try) |

`cluster` is `a` (the source's), `b` (the replica's) or `between`.

| code | hop | cluster | what is wrong | what to try |
|---|---|---|---|---|
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_the_documentation_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/doctor.md");
        let written = std::fs::read_to_string(path).unwrap();
        assert!(
            written == all(),
            "docs/doctor.md is out of date: cargo run -- doctor --markdown > docs/doctor.md"
        );
    }
}
