use super::*;
use eastwest_daemon::{ConnectionId, Direction};

const TEXT: &str = concat!(
    "2026-11-26T09:11:14.123456Z  WARN access: connection ended id=3 connection.id=00000000c0ffee00 ",
    r#"direction="outbound" src.addr=10.72.0.10:40000 dst.addr=172.21.0.3:15443 "#,
    r#"dst.service="src-hello-0.demo.svc.cluster.local" dst.identity="spiffe://cluster.local/ns/demo/sa/hello" "#,
    r#"bytes_recv=7 bytes_sent=9 duration_ms=12.5 reason="upstream_reset" error=it was reset: "so" it says"#,
);
const JSON: &str = concat!(
    r#"{"time":"2026-11-26T09:11:14.123456Z","level":"warn","scope":"access","message":"connection ended","id":3,"#,
    r#""connection.id":"00000000c0ffee00","direction":"outbound","src.addr":"10.72.0.10:40000","#,
    r#""dst.addr":"172.21.0.3:15443","dst.service":"src-hello-0.demo.svc.cluster.local","#,
    r#""dst.identity":"spiffe://cluster.local/ns/demo/sa/hello","bytes_recv":7,"bytes_sent":9,"#,
    r#""duration_ms":12.5,"reason":"upstream_reset","error":"it was reset: \"so\" it says"}"#,
);

fn read(text: &str) -> Read {
    let mut read = Read::default();
    read.all(Path::new("a.log"), text.as_bytes()).unwrap();
    read
}

fn assert_is_the_line(line: &AccessLine) {
    assert_eq!(line.id, Some(ConnectionId(0xc0ff_ee00)));
    assert_eq!(line.hop, Direction::Outbound);
    assert_eq!(line.time.as_deref(), Some("2026-11-26T09:11:14.123456Z"));
    assert_eq!(line.src_addr.as_deref(), Some("10.72.0.10:40000"));
    assert_eq!(line.dst_addr.as_deref(), Some("172.21.0.3:15443"));
    let alias = "src-hello-0.demo.svc.cluster.local";
    assert_eq!(line.dst_service.as_deref(), Some(alias));
    let identity = "spiffe://cluster.local/ns/demo/sa/hello";
    assert_eq!(line.dst_identity.as_deref(), Some(identity));
    assert_eq!((line.bytes_recv, line.bytes_sent), (7, 9));
    assert!((line.duration_ms - 12.5).abs() < 1e-9);
    assert_eq!(line.reason, "upstream_reset");
    assert_eq!(line.error.as_deref(), Some("it was reset: \"so\" it says"));
}

#[test]
fn both_forms_say_the_same_whatever_stands_before_them() {
    let coloured = TEXT
        .replace("access:", "\u{1b}[2maccess\u{1b}[0m\u{1b}[2m:\u{1b}[0m")
        .replace(
            "direction=",
            "\u{1b}[3mdirection\u{1b}[0m\u{1b}[2m=\u{1b}[0m",
        );
    let prefixed = [TEXT, JSON].map(|line| format!("[pod/db-pxc-0/shim] {line}"));
    for line in [TEXT, JSON, &coloured, &prefixed[0], &prefixed[1]] {
        let read = read(line);
        assert!(read.bad.is_empty(), "{:?}", read.bad);
        assert_is_the_line(&read.lines[0]);
    }
}

#[test]
fn a_line_is_found_in_what_others_have_put_around_it() {
    let spaced = JSON.replace("\":", "\": ").replace(",\"", ", \"");
    let docker = |line: &str| {
        let log = format!("{line}\n");
        serde_json::json!({ "log": log, "stream": "stderr", "time": "2026-11-26T09:11:14.2Z" })
            .to_string()
    };
    let containerd = |line: &str| format!("2026-11-26T09:11:14.200000000Z stderr F {line}");
    let journal = serde_json::json!({ "MESSAGE": TEXT, "_PID": "7" }).to_string();
    let parsed: serde_json::Value = serde_json::from_str(JSON).unwrap();
    let collected = serde_json::json!({ "log": parsed, "kubernetes": {} }).to_string();
    for line in [
        spaced,
        docker(TEXT),
        docker(JSON),
        containerd(TEXT),
        containerd(JSON),
        journal,
        collected,
    ] {
        let read = read(&line);
        assert!(read.bad.is_empty(), "{line}: {:?}", read.bad);
        assert_eq!(read.lines.len(), 1, "{line}");
        assert_is_the_line(&read.lines[0]);
    }
    let cut = &docker(TEXT)[..300];
    assert_eq!(read(cut).bad.len(), 1);
}

#[test]
fn a_file_without_a_line_of_the_kind_is_named() {
    let other = "2026-11-26T09:11:14Z  INFO eastwest_gateway: serves\n\n";
    assert_eq!(read(other).without, [(PathBuf::from("a.log"), 2)]);
    assert!(read(TEXT).without.is_empty());
    assert!(read(&TEXT[..TEXT.len() - 60]).without.is_empty());
}

#[test]
fn a_compressed_file_is_refused_with_what_reads_it() {
    for (begin, said) in [
        (&b"\x1f\x8b\x08\0"[..], "zcat FILE | eastwest logs join -"),
        (b"\x28\xb5\x2f\xfd\n", "zstdcat"),
        (b"\xfd7zXZ\0\n", "xzcat"),
    ] {
        let refused = Read::default().all(Path::new("a.log"), begin);
        let error = refused.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn other_lines_are_passed_over_and_bad_ones_named_by_their_number() {
    let text = [
        "2026-11-26T09:11:14Z  INFO eastwest_gateway: serves",
        r#"{"time":"x","level":"info","scope":"access","message":"another"}"#,
        "",
        &TEXT[..TEXT.len() - 60],
        &JSON[..200],
        &TEXT.replace("outbound", "sideways"),
        TEXT,
        &TEXT.replace("bytes_recv=7", "bytes_recv=seven"),
        &TEXT.replace("00000000c0ffee00", "coffee"),
        "no log at all {",
    ]
    .join("\n");
    let mut bytes = text.into_bytes();
    bytes.extend(b"\n\xff access: connection ended reason=\"finished\"\n\xfe\n");
    let mut read = Read::default();
    read.all(Path::new("a.log"), bytes.as_slice()).unwrap();
    assert_eq!(read.lines.len(), 1);
    assert_eq!(read.lines[0].number, 7);
    let bad: Vec<_> = read.bad.iter().map(|bad| bad.line).collect();
    assert_eq!(bad, [4, 5, 6, 8, 9, 11]);
    let said: Vec<_> = read.bad.iter().map(|bad| bad.why.to_string()).collect();
    assert!(
        said[0].contains("quotes") || said[0].contains("without"),
        "{}",
        said[0]
    );
    assert!(said[2].contains("\"sideways\""), "{}", said[2]);
    assert!(said[5].contains("UTF-8"), "{}", said[5]);
}

#[test]
fn a_line_that_is_too_long_is_named_and_those_around_it_are_read() {
    let long = format!("{TEXT} {}", "x".repeat(3 * LONGEST));
    let read = read(&format!("{TEXT}\n{long}\n{TEXT}\n{long}"));
    let numbers: Vec<_> = read.lines.iter().map(|line| line.number).collect();
    assert_eq!(numbers, [1, 3]);
    let bad: Vec<_> = read.bad.iter().map(|bad| (bad.line, &bad.why)).collect();
    assert_eq!(bad, [(2, &NotRead::Long), (4, &NotRead::Long)]);
    let said = NotRead::Long.to_string();
    assert!(said.contains("more than 1024 KiB"), "{said}");
}

#[test]
fn a_quoted_value_cannot_make_a_field() {
    let forged = TEXT.replace(
        "src-hello-0.demo.svc.cluster.local",
        r#"x\" reason=\"finished\u{7}"#,
    );
    let read = read(&forged);
    assert_eq!(read.lines[0].reason, "upstream_reset");
    let service = read.lines[0].dst_service.as_deref();
    assert_eq!(service, Some("x\" reason=\"finished\u{7}"));
}

#[test]
fn each_connection_is_one_line_whatever_was_logged() {
    let forged = JSON.replace("it was reset", "\\n2026 \\u001b[31m");
    let other = TEXT.replace("c0ffee00", "c0ffee01");
    let connections = join::join(read(&format!("{forged}\n{other}")).lines);
    let mut printed = Vec::new();
    output::text(&mut printed, &connections).unwrap();
    let printed = String::from_utf8(printed).unwrap();
    assert_eq!(printed.lines().count(), 2, "{printed}");
    assert!(!printed.contains('\u{1b}'), "{printed}");
    assert!(printed.contains("\\n2026 \\u{1b}[31m"), "{printed}");
    assert!(printed.contains("ended first: the gateway, or what is behind it (no line)"));
    assert!(printed.contains("MISSING: gateway"), "{printed}");
}

#[test]
fn a_client_without_a_shim_is_no_alarm() {
    let printed = |lines: &str| {
        let mut printed = Vec::new();
        output::text(&mut printed, &join::join(read(lines).lines)).unwrap();
        String::from_utf8(printed).unwrap()
    };
    let at_the_gateway = JSON.replace("outbound", "passthrough");
    let at_the_pod = JSON.replace("outbound", "inbound");
    let said = printed(&format!("{at_the_gateway}\n{at_the_pod}"));
    assert!(
        said.contains("the client has none (eastwest doctor"),
        "{said}"
    );
    assert!(!said.contains("MISSING"), "{said}");
    // The pod's shim says nothing of the doctor.
    let said = printed(&at_the_gateway);
    assert!(
        said.contains("or it was eastwest doctor that called"),
        "{said}"
    );
    assert!(!said.contains("MISSING"), "{said}");
    let said = printed(&at_the_pod);
    assert!(said.contains("MISSING: gateway"), "{said}");
}
