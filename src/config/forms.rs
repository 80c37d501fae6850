//! Settings with a short form: a word or a text where a map is not needed.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::LARGEST;
use super::reader::Reader;
use super::secret::Secret;
use super::setting::{Field, Located, Setting, key, settings};
use super::units::Period;
use super::words::words;
use super::yaml::{Data, Node};

/// An address and a port to listen at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(pub SocketAddr);

impl Address {
    /// `port` on loopback: what only this machine reaches.
    pub fn local(port: u16) -> Self {
        Self((Ipv4Addr::LOCALHOST, port).into())
    }
}

impl Setting for Address {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, AN_ADDRESS)?;
        let numeric = match text.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => text,
        };
        numeric.parse().ok().map(Self).or_else(|| reader.unexpected(node, AN_ADDRESS))
    }

    fn show(&self) -> Value {
        json!(self.0.to_string())
    }
}

const AN_ADDRESS: &str = "an address and a port such as `127.0.0.1:7878`";

/// Where calls come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Where to listen.
    pub address: SocketAddr,
    /// The kernel redirects connections to it.
    pub transparent: bool,
    /// Who may be connected to other hosts from here.
    pub proxy: Proxy,
    /// Link-local addresses may be asked for.
    pub link_local: bool,
    /// So long is waited for TLS to begin.
    pub hello: Period,
}

impl From<Address> for Listener {
    fn from(address: Address) -> Self {
        let ListenForm { address: _, transparent, proxy, link_local, hello } = ListenForm::default();
        Self { address: address.0, transparent, proxy, link_local, hello }
    }
}

impl Setting for Listener {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Data::Map(entries) = &node.data else {
            return Address::read(node, reader).map(Self::from);
        };
        let form = ListenForm::read(node, reader)?;
        if entries.iter().all(|entry| entry.name != "address") {
            return reader.wrong(node.at, "`address` is missing", format!("give {AN_ADDRESS}"));
        }
        let ListenForm { address, transparent, proxy, link_local, hello } = form;
        Some(Self { address: address?.0, transparent, proxy, link_local, hello })
    }

    fn show(&self) -> Value {
        let Self { address, transparent, proxy, link_local, hello } = self;
        if *self == Self::from(Address(*address)) {
            return json!(address.to_string());
        }
        let address = address.to_string();
        let (proxy, hello) = (proxy.show(), hello.show());
        json!({
            "address": address, "transparent": transparent, "proxy": proxy, "link_local": link_local, "hello": hello
        })
    }

    fn fields() -> &'static [Field] {
        ListenForm::fields()
    }
}

/// The operator's door.
#[derive(Clone, Debug, PartialEq)]
pub struct Admin {
    /// Where it listens.
    pub address: Address,
    /// Who brings it may enter from anywhere.
    pub token: Option<Secret>,
}

impl Default for Admin {
    fn default() -> Self {
        Self { address: Address::local(7879), token: None }
    }
}

impl Setting for Admin {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match node.data {
            Data::Map(_) => AdminForm::read(node, reader).map(|form| Self { address: form.address, token: form.token }),
            _ => Address::read(node, reader).map(|address| Self { address, token: None }),
        }
    }

    fn show(&self) -> Value {
        json!({ "address": self.address.show(), "token": self.token.show() })
    }

    fn fields() -> &'static [Field] {
        AdminForm::fields()
    }
}

/// The origin of a web page, as browsers spell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(pub String);

impl Setting for Origin {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "an origin such as `https://app.example.com`, without a path";
        let text = reader.text(node, wanted)?.to_ascii_lowercase();
        match text.split_once("://") {
            Some((scheme, host)) if !scheme.is_empty() && !host.is_empty() && !host.contains(['/', '*', ' ']) => {
                Some(Self(text))
            }
            _ => reader.unexpected(node, wanted),
        }
    }

    fn show(&self) -> Value {
        json!(self.0)
    }
}

/// A file that is named by its path from the folder of the configuration file. Another content is another setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Arc<[u8]>,
}

impl Setting for Content {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let path = String::read(node, reader)?;
        let bytes = reader.file(node.at, &path, LARGEST)?.into();
        Some(Self { path: reader.beside(&path), bytes })
    }

    fn show(&self) -> Value {
        json!(self.path.to_string_lossy())
    }
}

/// A file that is looked at later, by its path from the folder of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath(pub PathBuf);

impl Setting for FilePath {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match reader.text(node, A_PATH)?.as_str() {
            "" => reader.unexpected(node, A_PATH),
            path => Some(Self(reader.beside(path))),
        }
    }

    fn show(&self) -> Value {
        json!(self.0.to_string_lossy())
    }
}

const A_PATH: &str = "the path of a file";

/// `off`, or a map of settings.
#[derive(Clone, Debug, PartialEq)]
pub enum Switch<T> {
    /// Switched off.
    Off,
    /// Switched on, so.
    On(T),
}

impl<T: Setting> Setting for Switch<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.data {
            Data::Map(_) => T::read(node, reader).map(Self::On),
            _ => match reader.text(node, "`off`, or a map")?.as_str() {
                "off" | "false" => Some(Self::Off),
                _ => reader.unexpected(node, "`off`, or a map"),
            },
        }
    }

    fn show(&self) -> Value {
        match self {
            Self::Off => json!("off"),
            Self::On(settings) => settings.show(),
        }
    }

    fn fields() -> &'static [Field] {
        T::fields()
    }
}

/// One model at one provider, with its share of the load.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Who.
    pub name: Located<TargetName>,
    /// Its share among those of its list.
    pub weight: u32,
    /// That share was said.
    pub weighed: bool,
    /// At most so many calls at a time.
    pub max_in_flight: Option<NonZeroUsize>,
}

/// `provider/model`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetName {
    /// The provider, by its name in this file.
    pub provider: String,
    /// The model, as that provider calls it.
    pub model: String,
}

impl Setting for Target {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Data::Map(entries) = &node.data else {
            return Located::read(node, reader).map(|name| Self {
                name,
                weight: 1,
                weighed: false,
                max_in_flight: None,
            });
        };
        let form = TargetForm::read(node, reader)?;
        if entries.iter().all(|entry| entry.name != "use" || entry.value.data == Data::Null) {
            return reader.wrong(node.at, "`use` is missing", "name the target: `{use: provider/model}`");
        }
        let (weight, weighed) = (form.weight.unwrap_or(1), form.weight.is_some());
        form.name.map(|name| Self { name, weight, weighed, max_in_flight: form.max_in_flight })
    }

    fn show(&self) -> Value {
        json!({ "use": self.name.show(), "weight": self.weight, "max_in_flight": self.max_in_flight.show() })
    }

    fn fields() -> &'static [Field] {
        TargetForm::fields()
    }
}

impl Setting for TargetName {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a target written as `provider/model`";
        let text = reader.text(node, wanted)?;
        match text.split_once('/') {
            Some((provider, model)) if !provider.is_empty() && !model.is_empty() => {
                Some(Self { provider: provider.to_owned(), model: model.to_owned() })
            }
            _ => reader.unexpected(node, wanted),
        }
    }

    fn show(&self) -> Value {
        json!(format!("{}/{}", self.provider, self.model))
    }
}

/// Targets that share the load. One alone needs no list.
#[derive(Clone, Debug, PartialEq)]
pub struct Group(pub Vec<Target>);

impl Setting for Group {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.data {
            Data::List(_) => Vec::read(node, reader).map(Self),
            _ => Target::read(node, reader).map(|target| Self(vec![target])),
        }
    }

    fn show(&self) -> Value {
        self.0.show()
    }

    fn fields() -> &'static [Field] {
        TargetForm::fields()
    }
}

settings! {
    /// The long form of a listener.
    pub struct ListenForm {
        /// Where to listen.
        address: Option<Address> = None,
        /// The kernel redirects connections to it (`outrider init`) and is asked where they were going. An IPv4 address
        /// of loopback is joined by `[::1]`.
        transparent: bool = false,
        /// Who may be connected to other hosts with CONNECT, a URL in the request line, or TLS: `local`, the programs on
        /// this machine, or `any`.
        proxy: Proxy = Proxy::Local,
        /// Whether CONNECT may ask for link-local addresses, where clouds give out credentials.
        link_local: bool = false,
        /// How long a client may take to say its first words of TLS; later, its bytes are passed on as they are. A client
        /// whose server speaks first says nothing before.
        hello: Period = Period(Duration::from_secs(1)),
    }

    /// The long form of the operator's door.
    pub struct AdminForm {
        /// Where it listens.
        address: Address = Admin::default().address,
        /// Who brings this as a bearer token may enter from anywhere.
        token: Option<Secret> = None,
    }

    /// The long form of a target.
    pub struct TargetForm {
        /// Who, as `provider/model`.
        name as "use": Option<Located<TargetName>> = None,
        /// Its share among those of its list, 1 if it is not said; 0 is asked only when nothing else is left.
        weight: Option<u32> = None,
        /// At most so many calls at a time; those over it go to the next target, or wait. Default: no limit.
        max_in_flight: Option<NonZeroUsize> = None,
    }
}

words! {
    /// Who may be connected to other hosts.
    pub enum Proxy {
        /// The programs on this machine.
        Local = "local",
        /// Everybody.
        Any = "any",
    }
}
