use super::*;

fn open(descriptors: &[(Descriptor, usize)], tasks: u64) -> Open {
    Open {
        descriptors: descriptors.iter().cloned().collect(),
        tasks,
        connections: 0,
    }
}

fn other(what: &str) -> Descriptor {
    Descriptor::Other(what.to_owned())
}

fn connection() -> Descriptor {
    Descriptor::Connection("127.0.0.1:1 with 127.0.0.1:2, state 08".to_owned())
}

fn found(before: &Open, now: &Open) -> Vec<String> {
    more(before, now).collect()
}

#[test]
fn what_is_as_it_was_is_no_leak() {
    let before = open(
        &[(other("anon_inode:[eventfd]"), 2), (Descriptor::Pipe, 0)],
        7,
    );
    assert!(found(&before, &before).is_empty());
    let fewer = open(&[(other("anon_inode:[eventfd]"), 1)], 6);
    assert!(found(&before, &fewer).is_empty());
}

#[test]
fn listeners_spare_pipes_and_the_task_of_a_name_server_may_come() {
    let before = open(&[], 7);
    let listener = Descriptor::Listener("127.64.0.1:3306".parse().unwrap());
    let with = |tasks| {
        let pipes = (Descriptor::Pipe, SPARE_PIPE_ENDS);
        open(&[(listener.clone(), 1), pipes], tasks)
    };
    // One accepts, and one is the name server's.
    assert!(found(&before, &with(9)).is_empty());
    assert_eq!(found(&before, &with(10)), ["10 tasks instead of 7"]);
}

#[test]
fn each_connection_task_pipe_and_file_that_is_left_is_named() {
    let before = open(&[(connection(), 1), (other("/etc/hosts"), 1)], 7);
    let leaks = [
        (connection(), 1, "127.0.0.1:1 with 127.0.0.1:2"),
        (
            Descriptor::Pipe,
            SPARE_PIPE_ENDS + 1,
            "33 descriptors instead of 0: Pipe",
        ),
        (
            other("/etc/hosts"),
            2,
            "2 descriptors instead of 1: Other(\"/etc/hosts\")",
        ),
    ];
    for (descriptor, count, named) in leaks {
        let said = found(&before, &open(&[(descriptor, count)], 7));
        assert!(said.len() == 1 && said[0].contains(named), "{said:?}");
    }
    assert_eq!(found(&before, &open(&[], 9)), ["9 tasks instead of 7"]);
    let counted = Open {
        connections: 2,
        ..open(&[], 7)
    };
    assert_eq!(found(&before, &counted), ["2 connections open, it says"]);
}
