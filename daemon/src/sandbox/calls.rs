//! The system calls that a server never makes, and how each is answered.
//!
//! Numbers that a C library's list lacks, but its kernel has, are written out.

use libc::*;

/// Asked for by nobody but an attacker: no library tries one of these to see whether it is there.
/// The process ends.
pub(super) const FATAL: &[c_long] = &[
    // Other programs in this process's place, other processes' memory.
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_getfd,
    // A library into this one, by its path.
    #[cfg(target_arch = "x86_64")]
    SYS_uselib,
    // Namespaces, mounts, file handles: ways out of a container.
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_open_by_handle_at,
    // Code in the kernel, and its keys.
    SYS_bpf,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    KEXEC_FILE_LOAD,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_userfaultfd,
    // Other users, other rights.
    SYS_setuid,
    SYS_setgid,
    SYS_setreuid,
    SYS_setregid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setfsuid,
    SYS_setfsgid,
    SYS_setgroups,
    SYS_capset,
    // The machine.
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_quotactl,
    SYS_quotactl_fd,
    SYS_lookup_dcookie,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_syslog,
    SYS_vhangup,
    #[cfg(target_arch = "x86_64")]
    SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    SYS_modify_ldt,
];

/// Libraries try some of these and do without. EPERM, as on hosts that forbid them to all.
pub(super) const REFUSED: &[c_long] = &[
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_io_setup,
    SYS_perf_event_open,
    SYS_personality,
    SYS_memfd_create,
    SYS_memfd_secret,
    SYS_vmsplice,
    SYS_name_to_handle_at,
    SYS_fanotify_init,
    SYS_fanotify_mark,
    SYS_kcmp,
    SYS_process_madvise,
    SYS_process_mrelease,
    SYS_remap_file_pages,
    SYS_migrate_pages,
    SYS_move_pages,
    SYS_mbind,
    SYS_get_mempolicy,
    SYS_set_mempolicy,
    SYS_set_mempolicy_home_node,
    // Memory, semaphores and queues of System V's and POSIX's; what somebody else has made is used
    // by its number, without the call that gets one.
    SYS_shmget,
    SYS_shmat,
    SYS_shmctl,
    SYS_semget,
    SYS_semop,
    SYS_semtimedop,
    SYS_semctl,
    SYS_msgget,
    SYS_msgsnd,
    SYS_msgrcv,
    SYS_msgctl,
    SYS_mq_open,
    SYS_mq_unlink,
    SETRLIMIT,
    // Other processes' share of the CPUs and disks.
    SYS_setpriority,
    SYS_ioprio_set,
    SYS_sched_setparam,
    SYS_sched_setscheduler,
    SYS_sched_setattr,
    // What the kernel has: what is mounted, its file systems, security modules and settings.
    STATMOUNT,
    LISTMOUNT,
    LSM_GET_SELF_ATTR,
    LSM_SET_SELF_ATTR,
    LSM_LIST_MODULES,
    #[cfg(target_arch = "x86_64")]
    SYS_sysfs,
    #[cfg(target_arch = "x86_64")]
    SYS_ustat,
    #[cfg(target_arch = "x86_64")]
    SYS__sysctl,
    // Signals to others; to itself the process may send any.
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_pidfd_send_signal,
    #[cfg(target_arch = "x86_64")]
    SYS_fork,
    #[cfg(target_arch = "x86_64")]
    SYS_vfork,
];

/// What changes files, or their names: EACCES, as where the rights are missing.
pub(super) const CHANGES_FILES: &[c_long] = &[
    SYS_truncate,
    SYS_mkdirat,
    SYS_renameat2,
    RENAMEAT,
    SYS_linkat,
    SYS_symlinkat,
    SYS_mknodat,
    SYS_fchownat,
    SYS_fchown,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    SYS_utimensat,
    SYS_fchmodat,
    FCHMODAT2,
    #[cfg(target_arch = "x86_64")]
    SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    SYS_creat,
    #[cfg(target_arch = "x86_64")]
    SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    SYS_rename,
    #[cfg(target_arch = "x86_64")]
    SYS_rmdir,
    #[cfg(target_arch = "x86_64")]
    SYS_link,
    #[cfg(target_arch = "x86_64")]
    SYS_symlink,
    #[cfg(target_arch = "x86_64")]
    SYS_mknod,
    #[cfg(target_arch = "x86_64")]
    SYS_chown,
    #[cfg(target_arch = "x86_64")]
    SYS_lchown,
    #[cfg(target_arch = "x86_64")]
    SYS_utime,
    #[cfg(target_arch = "x86_64")]
    SYS_utimes,
    #[cfg(target_arch = "x86_64")]
    SYS_futimesat,
];

/// The same, but needed where a Unix socket has a path.
pub(super) const TAKES_SOCKET_FILES_AWAY: &[c_long] = &[
    SYS_unlinkat,
    #[cfg(target_arch = "x86_64")]
    SYS_unlink,
];

/// Their flags are in memory, where a filter can't look. Both C libraries go on with the older call
/// when they hear ENOSYS, and that can be looked at.
pub(super) const UNREADABLE: &[c_long] = &[SYS_clone3, SYS_openat2];

/// What moves bytes: asked first, for kernels before 5.11, which run the whole filter for each call.
pub(super) const HOT: &[c_long] = &[
    SYS_recvfrom,
    SYS_sendto,
    SYS_read,
    SYS_write,
    SYS_splice,
    SYS_epoll_pwait,
    #[cfg(target_arch = "x86_64")]
    SYS_epoll_wait,
    SYS_futex,
    SYS_readv,
    SYS_writev,
    SYS_sendmsg,
    SYS_recvmsg,
    SYS_sendmmsg,
    SYS_recvmmsg,
];

/// The first number that no kernel had when this was written (mseal, of Linux 6.10, is the last
/// that had). From 424 on all architectures count alike.
pub(super) const UNKNOWN_FROM: u32 = 463;

const FCHMODAT2: c_long = 452;
const STATMOUNT: c_long = 457;
const LISTMOUNT: c_long = 458;
const LSM_GET_SELF_ATTR: c_long = 459;
const LSM_SET_SELF_ATTR: c_long = 460;
const LSM_LIST_MODULES: c_long = 461;

#[cfg(target_arch = "x86_64")]
const KEXEC_FILE_LOAD: c_long = SYS_kexec_file_load;
#[cfg(target_arch = "x86_64")]
const SETRLIMIT: c_long = SYS_setrlimit;
#[cfg(target_arch = "x86_64")]
const RENAMEAT: c_long = SYS_renameat;

// Linux's asm-generic/unistd.h.
#[cfg(not(target_arch = "x86_64"))]
const KEXEC_FILE_LOAD: c_long = 294;
#[cfg(not(target_arch = "x86_64"))]
const SETRLIMIT: c_long = 164;
#[cfg(not(target_arch = "x86_64"))]
const RENAMEAT: c_long = 38;
