//! Which firewall keeps connections out of this computer, as far as one can tell without special rights, and how it is opened.
//!
//! Its rules can't be read without such rights. So this says which firewall there is, never that it is in the way.

use std::{fs, path::Path};

use serde::Serialize;

/// A firewall that people know by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Firewall {
    /// Ubuntu's.
    Ufw,
    /// That of Fedora, RHEL and openSUSE.
    Firewalld,
    /// Rules of nftables, made by hand or by a program.
    Nftables,
    /// Rules of iptables.
    Iptables,
    /// The one that is part of Windows.
    Windows,
    /// The one that is part of macOS.
    Macos,
}

impl Firewall {
    /// The one that seems to be active on this computer.
    pub(super) fn here() -> Option<Self> {
        match std::env::consts::OS {
            "windows" => Some(Self::Windows),
            "macos" => Some(Self::Macos),
            "linux" => Self::below(Path::new("/")),
            _ => None,
        }
    }

    /// The same for a Linux system with this root. One that drives another comes first.
    fn below(root: &Path) -> Option<Self> {
        let is_there = |path: &str| root.join(path).exists();
        let ufw = fs::read_to_string(root.join("etc/ufw/ufw.conf")).unwrap_or_default();
        if ufw.lines().any(|line| line.trim().eq_ignore_ascii_case("enabled=yes")) {
            return Some(Self::Ufw);
        }
        if is_there("run/firewalld.pid") || is_there("sys/fs/cgroup/system.slice/firewalld.service") {
            return Some(Self::Firewalld);
        }
        let modules = fs::read_to_string(root.join("proc/modules")).unwrap_or_default();
        let is_used = |name: &str| {
            modules.lines().any(|line| {
                let mut fields = line.split(' ');
                fields.next() == Some(name) && fields.nth(1).is_some_and(|uses| uses != "0")
            })
        };
        if is_used("nf_tables") {
            return Some(Self::Nftables);
        }
        is_used("ip_tables").then_some(Self::Iptables)
    }

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ufw => "ufw",
            Self::Firewalld => "firewalld",
            Self::Nftables => "nftables",
            Self::Iptables => "iptables",
            Self::Windows => "the Windows firewall",
            Self::Macos => "the macOS firewall",
        }
    }

    /// The command that lets connections to a port in; none where it takes a click.
    pub fn command(self, port: u16) -> Option<String> {
        match self {
            Self::Ufw => Some(format!("sudo ufw allow {port}/tcp")),
            Self::Firewalld => Some(format!(
                "sudo firewall-cmd --permanent --add-port={port}/tcp && sudo firewall-cmd --reload"
            )),
            Self::Nftables => Some(format!("sudo nft insert rule inet filter input tcp dport {port} accept")),
            Self::Iptables => Some(format!("sudo iptables -I INPUT -p tcp --dport {port} -j ACCEPT")),
            Self::Windows => Some(format!(
                "netsh advfirewall firewall add rule name=\"Snug {port}\" dir=in action=allow protocol=TCP localport={port}"
            )),
            Self::Macos => None,
        }
    }

    /// The clicks, or what else is to be known of the command.
    pub const fn clicks(self) -> &'static str {
        match self {
            Self::Ufw | Self::Firewalld => "In a terminal on that computer:",
            Self::Nftables | Self::Iptables => "In a terminal on that computer, until it restarts:",
            Self::Windows => "In a terminal that was opened with “Run as administrator”:",
            Self::Macos => {
                "System Settings › Network › Firewall › Options: allow incoming connections for Snug."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(files: &[(&str, &str)]) -> Option<Firewall> {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = root.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        Firewall::below(root.path())
    }

    #[test]
    fn the_firewall_that_is_active_is_told_from_one_that_is_only_installed() {
        let used = (
            "proc/modules",
            "nf_tables 303104 211 nft_ct,nft_chain_nat, Live 0x0\nip_tables 1 0 - Live 0x0\n",
        );
        let (on, off) = ("# a comment\nENABLED=yes\n", "ENABLED=no\n");
        assert_eq!(system(&[("etc/ufw/ufw.conf", on), used]), Some(Firewall::Ufw));
        assert_eq!(system(&[("etc/ufw/ufw.conf", off), used]), Some(Firewall::Nftables));
        assert_eq!(system(&[("run/firewalld.pid", "1"), used]), Some(Firewall::Firewalld));
        let loaded =
            ("proc/modules", "nf_tables 303104 0 - Live 0x0\nip_tables 36864 2 iptable_filter, Live 0x0\n");
        assert_eq!(system(&[loaded]), Some(Firewall::Iptables));
        assert_eq!(system(&[("etc/ufw/ufw.conf", off)]), None);
        assert_eq!(system(&[]), None);
    }

    #[test]
    fn each_names_the_port_in_its_command() {
        for firewall in
            [Firewall::Ufw, Firewall::Firewalld, Firewall::Nftables, Firewall::Iptables, Firewall::Windows]
        {
            assert!(firewall.command(8123).unwrap().contains("8123"), "{firewall:?}");
        }
        assert_eq!(Firewall::Macos.command(8123), None);
    }
}
