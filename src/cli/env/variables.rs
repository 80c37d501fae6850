//! The variables by which clients find a proxy, and by which they are told whom to trust.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::trust::bundle::is_systems;
use crate::trust::store::{Published, made_here};
use crate::trust::variables::{ADDED, BUNDLES, LOOPBACK};

/// What is to be set.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Variables {
    /// Names and values.
    pub set: Vec<(&'static str, String)>,
    /// What becomes of what the user has set.
    pub notes: Vec<String>,
}

/// The files with authorities that the user's variables name, the more important ones first.
pub(crate) fn named_files(variable: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for file in BUNDLES.iter().chain(&ADDED).filter_map(|name| variable(name)).map(PathBuf::from) {
        if !files.contains(&file) && file.is_file() {
            files.push(file);
        }
    }
    files
}

impl Variables {
    /// For applications that are to go through `proxy`. `variable`: what is set now.
    pub(crate) fn new(proxy: SocketAddr, files: &Published, variable: impl Fn(&str) -> Option<String>) -> Self {
        let mut all = Self::default();
        let url = format!("http://{proxy}");
        for name in ["HTTPS_PROXY", "https_proxy"] {
            if variable(name).is_some_and(|set| set != url) {
                all.note(format!("{name} named another proxy, which is not asked any more"));
            }
            all.set(name, url.clone());
        }
        for name in ["NO_PROXY", "no_proxy"] {
            let other = if name == "NO_PROXY" { "no_proxy" } else { "NO_PROXY" };
            all.set(name, no_proxy(variable(name).or_else(|| variable(other)).as_deref()));
        }
        let bundle = files.bundle.to_string_lossy();
        for name in BUNDLES {
            all.file(name, &bundle, &variable);
        }
        let ca = files.ca.to_string_lossy();
        for name in ADDED {
            // What the user has added is in the bundle, too.
            let theirs = variable(name).is_some_and(|file| file != ca && (file == bundle || !made_here(file.as_ref())));
            all.file(name, if theirs { &bundle } else { &ca }, &variable);
        }
        all.set("NODE_USE_ENV_PROXY", "1".to_owned());
        all.java(proxy, &files.truststore.to_string_lossy(), variable("JAVA_TOOL_OPTIONS"));
        all
    }

    /// Tells what becomes of what the user has set.
    pub(crate) fn tell(&self) {
        for note in &self.notes {
            eprintln!("outrider: {note}");
        }
    }

    fn set(&mut self, name: &'static str, value: String) {
        self.set.push((name, value));
    }

    fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    fn file(&mut self, name: &'static str, file: &str, variable: &impl Fn(&str) -> Option<String>) {
        let theirs = variable(name).filter(|theirs| {
            let path = Path::new(theirs);
            theirs != file && !made_here(path) && !is_systems(path)
        });
        if let Some(theirs) = theirs {
            let became = match Path::new(&theirs).is_file() {
                true => format!(" named {theirs}, whose authorities are now in {file}"),
                false => format!(" named {theirs}, which is not there"),
            };
            match self.notes.iter_mut().find(|note| note.ends_with(&became)) {
                Some(note) => *note = note.replacen(" named ", &format!(", {name} named "), 1),
                None => self.note(format!("{name}{became}")),
            }
        }
        self.set(name, file.to_owned());
    }

    /// Java asks no proxy that a variable names, and trusts nobody whom a variable names.
    fn java(&mut self, proxy: SocketAddr, truststore: &str, theirs: Option<String>) {
        let mut options: Vec<String> = theirs.as_deref().map(ours_taken_out).into_iter().flatten().collect();
        let has = |options: &[String], key: &str| options.iter().any(|option| option.contains(key));
        match has(&options, "javax.net.ssl.trustStore=") {
            true => self.note(format!(
                "JAVA_TOOL_OPTIONS names a trust store of yours, which stays: import the authority that `outrider ca` \
                 prints, or name {truststore}"
            )),
            false => options.push(quoted(&format!("-Djavax.net.ssl.trustStore={truststore}"))),
        }
        match has(&options, "-Dhttps.proxyHost=") {
            true => self.note("JAVA_TOOL_OPTIONS names a proxy of yours, which stays".to_owned()),
            false => {
                options.push(format!("-Dhttps.proxyHost={}", proxy.ip()));
                options.push(format!("-Dhttps.proxyPort={}", proxy.port()));
            }
        }
        options.push(MARK.to_owned());
        self.set("JAVA_TOOL_OPTIONS", options.join(" "));
    }
}

/// Says that the three options before it are ours.
const MARK: &str = "-Doutrider=env";

/// The options without those that were added by an earlier `outrider env`.
fn ours_taken_out(options: &str) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for option in options.split_whitespace() {
        kept.push(option.to_owned());
        if option == MARK {
            kept.pop();
            let ours = ["trustStore=", "-Dhttps.proxyHost=", "-Dhttps.proxyPort="];
            while kept.last().is_some_and(|last| ours.iter().any(|key| last.contains(key))) {
                kept.pop();
            }
        }
    }
    kept
}

/// Java takes quotes apart, and splits at spaces.
fn quoted(option: &str) -> String {
    if option.contains(char::is_whitespace) { format!("\"{option}\"") } else { option.to_owned() }
}

/// What is reached directly already, and this machine.
fn no_proxy(set: Option<&str>) -> String {
    let mut hosts: Vec<&str> = set.unwrap_or_default().split(',').map(str::trim).filter(|h| !h.is_empty()).collect();
    for host in LOOPBACK {
        if !hosts.contains(&host) && !hosts.contains(&"*") {
            hosts.push(host);
        }
    }
    hosts.join(",")
}

#[cfg(test)]
mod tests;
