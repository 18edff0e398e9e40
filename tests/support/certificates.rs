//! A certificate authority that lives as long as the server.

use std::fmt;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

type Authority = CertifiedIssuer<'static, KeyPair>;

/// The right certificate and a wrong one.
pub struct Certificates {
    ca_pem: String,
    right: TlsAcceptor,
    wrong: TlsAcceptor,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("ca_pem", &self.ca_pem).finish_non_exhaustive()
    }
}

impl Certificates {
    pub fn new() -> Self {
        let (trusted, stranger) = (authority("the authority of this test"), authority("a stranger"));
        Self { ca_pem: trusted.pem(), right: acceptor(&trusted), wrong: acceptor(&stranger) }
    }

    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    pub fn right(&self) -> &TlsAcceptor {
        &self.right
    }

    pub fn wrong(&self) -> &TlsAcceptor {
        &self.wrong
    }
}

/// What a server reads from files, as PEM: its certificate for some names and the key to it, and the authority that vouches for them.
#[derive(Debug)]
pub struct Files {
    pub authority: String,
    pub certificate: String,
    pub key: String,
}

impl Files {
    pub fn of(names: &[&str]) -> Self {
        let (authority, key) = (authority("the authority of this test"), key());
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let parameters = CertificateParams::new(names).expect("these are names of a server");
        let certificate = parameters.signed_by(&key, &authority).expect("an authority can sign");
        Self { authority: authority.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

fn authority(name: &str) -> Authority {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages.push(KeyUsagePurpose::KeyCertSign);
    CertifiedIssuer::self_signed(parameters, key()).expect("an authority can vouch for itself")
}

fn acceptor(authority: &Authority) -> TlsAcceptor {
    let key = key();
    let names = ["localhost", "127.0.0.1"].map(str::to_owned);
    let parameters = CertificateParams::new(names).expect("these are names of a server");
    let certificate = parameters.signed_by(&key, authority).expect("an authority can sign");

    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .expect("the key fits the certificate");
    TlsAcceptor::from(Arc::new(config))
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key can be made")
}
