//! A database that is reached over a network proves that it is the one: by a certificate of an authority that is trusted, for its name.

use crate::cluster::Cluster;
use crate::support::certificates::Files;
use crate::support::program::{file, in_words, program};

const PASSWORD: &str = "a-secret-that-nobody-repeats";

/// How a command ends that connects to a host in this way, and what it says.
fn connect(cluster: &Cluster, host: &str, how: &str) -> (Option<i32>, String) {
    let url = format!("postgres://plo_drift:{PASSWORD}@{host}:{}/council?{how}", cluster.port());
    let output = program(&["migrate"]).env("DATABASE_URL", url).output().expect("it runs");
    let said = in_words(&output);
    assert!(!said.contains(PASSWORD), "{said}");
    (output.status.code(), said)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_server_that_proves_to_be_the_database_is_talked_to() {
    let mut cluster = Cluster::new(None).await;
    let (right, another) = (Files::of(&["localhost"]), Files::of(&["localhost"]));
    let certificate = cluster.file("server.crt", &right.certificate);
    let key = cluster.file("server.key", &right.key);
    let rules = "local all all trust\nhostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust\n";
    let rules = cluster.file("pg_hba.conf", rules);
    let settings = [
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", certificate.display()),
        format!("ssl_key_file={}", key.display()),
        format!("hba_file={}", rules.display()),
    ];
    cluster.listen(&settings.each_ref().map(String::as_str)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let authority = file(folder.path(), "authority.pem", &right.authority);
    let stranger = file(folder.path(), "stranger.pem", &another.authority);
    let nowhere = folder.path().join("nowhere.pem");

    let (code, said) = connect(&cluster, "localhost", &format!("sslmode=verify-full&sslrootcert={authority}"));
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = connect(&cluster, "127.0.0.1", &format!("sslmode=verify-ca&sslrootcert={authority}"));
    assert_eq!(code, Some(0), "the name is not asked for: {said}");

    let unproved = "the server does not prove to be the database";
    for (host, how, reason) in [
        ("localhost", format!("sslmode=verify-full&sslrootcert={stranger}"), "invalid peer certificate"),
        ("localhost", "sslmode=verify-full".to_owned(), "UnknownIssuer"),
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={authority}"), "not valid for name"),
        ("localhost", format!("sslmode=verify-full&sslrootcert={}", nowhere.display()), "No such file"),
    ] {
        let (code, said) = connect(&cluster, host, &how);
        assert_eq!(code, Some(2), "{host} {how}: {said}");
        assert!(said.contains(unproved) && said.contains(reason), "{host} {how}: {said}");
    }
    let (code, said) = connect(&cluster, "localhost", "sslmode=disable");
    assert_eq!(code, Some(3), "the server takes nobody in the clear: {said}");

    // What nobody insists on is not checked, and may be in the clear.
    let (code, said) = connect(&cluster, "localhost", &format!("sslrootcert={stranger}"));
    assert_eq!(code, Some(0), "{said}");
    cluster.listen(&[]).await;
    assert_eq!(connect(&cluster, "127.0.0.1", "").0, Some(0));
    let (code, said) = connect(&cluster, "localhost", &format!("sslmode=verify-full&sslrootcert={authority}"));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(unproved) && said.contains("server does not support TLS"), "{said}");
}
