"""What secrets look like in a log: tokens by their shape, all else by what stands before it.

The tokens' formats are those of gitleaks' rules, config/gitleaks.toml, and of GitLab's own documentation.
"""

from __future__ import annotations

import re

TELLING = (
    r"gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct|wt|sa)[-_]|gh[pousr]_|github_pat_|A(?:KIA|SIA|BIA|CCA)"
    r"|xox[a-z]-|xapp-|npm_|pypi-|hf_|whsec_|eyJ|PRIVATE KEY|AIza|ya29\.|GOCSPX-|sk-|[sr]k_(?:live|test)_|do[opr]_v1_"
    r"|SG\.|shp(?:at|ca|pa|ss)_|dckr_(?:pat|oat)_|ATATT3|hv[sbr]\.|s\.[0-9A-Za-z]{24}|lin_api_|ntn_|pul-|rubygems_|sntry[su]_|tfp_"
    r"|AGE-SECRET|nvapi-|gsk_|dapi[0-9a-f]|AKCp|cmVmd|LTAI|sq[apu]_|bot\d{8,10}:|key-data|nuget|NRAK-|PMAK-|figd_|Q~|:AA|atlasv1|/services/T|/webhooks/"
    r"|(?i:pass(?:word|wd|phrase|code)|pass[_\-A-Za-z0-9]{0,60}(?:\\{0,3}[\"']?\]?(?:[ \t]|\\t){0,8}[:=>]|\\u003e)"
    r"|pwd|secret|token|credential|authorization|bearer|cookie|login|sshpass|curl|wget|signature|[?&]sig=|https? -"
    r"|htpasswd|mysql|mariadb|mycli|mongo|redis-cli|valkey-cli|requirepass|masterauth|cqlsh|sqlcmd|ldap|storepass|keypass"
    r"|-pass(?:in|out)|jdbc:oracle|sqlplus|sqlldr|expdp|impdp"
    r"|_auth|\"auth\\?\"|(?:api|access|account|private|signing|encryption|encrypt|master|shared|storage)[_.-]?key)"
    r"|://[^/\s:@\"]*:[^\s]+@|://[0-9A-Za-z_.~%-]{16,}@"
)
"""RE2, over bytes: whatever is masked has one of these in its line. Most lines hold none."""

# Linear time on any input: runs are possessive, and where a run could begin inside itself a boundary stands before it.
# A colour code is such a boundary, too: "\x1b[31mglpat-…".
_EDGE = r"(?:(?<=[0-9;\[]m)|(?<=[0-9\[]K)|(?<![0-9A-Za-z_\-]))"
TOKENS = re.compile(
    r"gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct|wt)-[0-9A-Za-z_.\-]{16,}+"
    r"|gh[pousr]_[0-9A-Za-z]{30,}+|github_pat_[0-9A-Za-z_]{30,}+"
    r"|(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![0-9A-Za-z])"
    r"|xox[a-z]-[0-9A-Za-z\-.]{10,}+|xapp-[0-9A-Za-z\-]{20,}+"
    rf"|{_EDGE}npm_[0-9A-Za-z]{{36}}(?![0-9A-Za-z_])|pypi-[0-9A-Za-z_\-]{{50,}}+|{_EDGE}hf_[0-9A-Za-z]{{30,}}+"
    r"|whsec_[0-9A-Za-z+/=]{20,}+"
    rf"|{_EDGE}eyJ[0-9A-Za-z_\-]{{10,}}+\.eyJ[0-9A-Za-z_\-]{{10,}}+\.[0-9A-Za-z_\-]{{10,}}+"
    rf"|{_EDGE}AIza[0-9A-Za-z_\-]{{35}}|{_EDGE}ya29\.[0-9A-Za-z_\-.]{{20,}}+|GOCSPX-[0-9A-Za-z_\-]{{20,}}+"
    rf"|{_EDGE}sk-(?:ant|proj|svcacct|admin|or)-[0-9A-Za-z_\-]{{16,}}+|{_EDGE}sk-[0-9A-Za-z]{{32,}}+"
    rf"|{_EDGE}[sr]k_(?:live|test)_[0-9A-Za-z]{{10,}}+|{_EDGE}do[opr]_v1_[0-9a-f]{{30,}}+"
    rf"|{_EDGE}SG\.[0-9A-Za-z_\-]{{16,}}+\.[0-9A-Za-z_\-]{{16,}}+|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{{32,}}+"
    r"|dckr_(?:pat|oat)_[0-9A-Za-z_\-]{20,}+|ATATT3[0-9A-Za-z_\-=]{20,}+"
    rf"|{_EDGE}hv[sbr]\.[0-9A-Za-z_\-]{{20,}}+|lin_api_[0-9A-Za-z]{{30,}}+|{_EDGE}ntn_[0-9A-Za-z]{{30,}}+"
    rf"|{_EDGE}pul-[0-9a-f]{{40}}|rubygems_[0-9a-f]{{40,}}+|sntry[su]_[0-9A-Za-z+/=_\-]{{30,}}+"
    r"|glsa_[0-9A-Za-z]{20,}+_?[0-9A-Fa-f]{0,8}|tfp_[0-9A-Za-z_\-]{40,}+|AGE-SECRET-KEY-1[0-9A-Z]{40,}+"
    rf"|{_EDGE}[0-9A-Za-z]{{14}}\.atlasv1\.[0-9A-Za-z_\-=]{{40,}}+"
    rf"|nvapi-[0-9A-Za-z_\-]{{40,}}+|{_EDGE}gsk_[0-9A-Za-z]{{40,}}+|{_EDGE}dapi[0-9a-f]{{32}}(?![0-9A-Za-z])"
    rf"|{_EDGE}AKCp[0-9A-Za-z]{{60,}}+|{_EDGE}cmVmd[0-9A-Za-z]{{50,}}+|{_EDGE}LTAI[0-9A-Za-z]{{16,24}}(?![0-9A-Za-z])"
    r"|NRAK-[0-9A-Z]{27}|PMAK-[0-9a-f\-]{40,}+|figd_[0-9A-Za-z_\-]{30,}+"
    rf"|{_EDGE}[0-9A-Za-z_~.]{{3}}\dQ~[0-9A-Za-z_~.\-]{{30,}}+"
    rf"|{_EDGE}sq[apu]_[0-9a-f]{{40}}(?![0-9A-Za-z])|(?<=bot)\d{{8,10}}:[0-9A-Za-z_\-]{{30,}}+"
    rf"|{_EDGE}\d{{8,10}}:AA[0-9A-Za-z_\-]{{32,34}}(?![0-9A-Za-z_\-])"
)
# Vault's before 1.10. Without a digit it could be a method: it is believed beside a word for a secret.
VAULT = re.compile(
    r"((?:(?i:vault|token)[^\r\n]{0,60}?(?<![0-9A-Za-z_.$/@\-])|(?<![0-9A-Za-z_.$/@\-])(?=s\.[A-Za-z]{0,23}\d)))"
    r"s\.[0-9A-Za-z]{24}(?![0-9A-Za-z_(\[]|[.\-]\w|::)"
)
HOOKS = re.compile(r"(/services/T[0-9A-Z]{6,}+/B|/webhooks/\d{15,}+/)[0-9A-Za-z_/\-]{15,}+")
# A password may hold a slash; what begins like a port is none then: http://localhost:3000/a?of=b@c.example
IN_URL = re.compile(
    r"(://[^/\s:@\"'<>]{0,100}+:)(?:[^/\s\"'<>]{1,1000}(?=@)"
    r"|(?!\d{1,5}/)[^/\s@?#\"'<>]{1,200}+/[^\s@?#\"'<>]{0,500}+(?=@[0-9A-Za-z\[](?!ha\d{3}:)))"
)
ALONE_IN_URL = re.compile(
    r"(https?://)(?=[^@\s]{0,200}\d)(?=[^@\s]{0,200}[A-Za-z])[0-9A-Za-z_.~%\-]{16,200}+(?=@[\w\[])"
)
# Oracle's user/password@where, as its driver and its clients take it.
ORACLE = re.compile(
    rf"((?:jdbc:oracle:[a-z]{{2,10}}:[^\s/@:\"']{{1,100}}+|{_EDGE}(?:sqlplus|sqlldr|expdp|impdp)(?:\.exe)?"
    r"(?:[ \t]{1,4}-[^\s/@|;&<>]{1,40}+(?:[ \t]{1,4}(?:\"[^\"\r\n]{0,80}\"|[\d.]{1,8}))?){0,6}[ \t]{1,4}[\"']?"
    r"(?:userid[ \t]{0,3}=[ \t]{0,3})?[A-Za-z][\w$#]{0,60}+(?:\[\w{1,60}\])?)/(?:\\?\")?)"
    r"(?:(?<=\")[^\"\r\n]{1,100}+(?=\")|(?![\"'$\-<\[{(&%])(?:[^\s\"'/]{1,200}(?=@)|[^\s\"'@/]{3,200}+))",
    re.IGNORECASE,
)
HEADER = re.compile(
    rf"({_EDGE}(?:(?:PRIVATE|JOB|DEPLOY)-TOKEN\"?\s{{0,3}}[:=]\s{{0,3}}\"?"
    r"|(?:Proxy-)?Authorization\"?\s{0,3}[:=]\s{0,3}\"?(?:Bearer|Basic|Token|Digest|ApiKey|Negotiate|AWS4-HMAC-SHA256)\s"
    r"|(?:Set-)?Cookie:\s{0,3}[^\s=;\"']{1,80}=))[^\s\"']{6,}+",
    re.IGNORECASE,
)
BEARER = re.compile(rf"({_EDGE}Bearer\s)[0-9A-Za-z._~+/=\-]{{20,}}+", re.IGNORECASE)

# Names are told by their last word; before it may stand anything (DB_PASSWORD, X-Api-Key, awsSecretAccessKey).
_NAME = (
    r"(?:private_key_id|client-key-data|(?<=sonar\.)login|pass(?:word|wd|phrase|code)|pwd|(?<=[_\-])pass|(?-i:(?:SSH|DB|PG|MYSQL|FTP|SMTP|USER|ROOT|ADMIN|LDAP)PASS)"
    r"|(?<![\w\-])pass(?=\\{0,3}[\"']?[ \t]{0,8}(?:=|:[ \t]{0,8}[\"']))"
    r"|secret|token|credential|_auth|(?<=[\"'])auth(?=\\?[\"'])|(?<=[?&])sig|(?<=amz-)signature"
    r"|(?:api|access|account|private|signing|encryption|encrypt|master|shared|storage)[_.\-]?key)"
)
_MORE = r"(?:Access|Secret)?(?:Key|Value|Hash|Text|String|Token)?(?:[_\-][A-Za-z0-9]{1,20}+){0,4}+"
_VALUE = (
    r"(?:(?P<open>\\{1,3}[\"'])(?P<inner>[^\"'\\\r\n]*+)"
    r"|(?P<double>\")(?P<in_double>(?:[^\"\\\r\n]|\\[^\r\n])*+)|(?P<single>')(?P<in_single>[^'\r\n]*+)"
    r"|(?P<plain>\[[^\[\],\"'`\r\n]{1,200}+(?:,[^\[\],\"'`\r\n]{0,200}+){1,40}+\]|[^\s\"'`\\][^\s\"'`]*+))"
)
NAMED = re.compile(
    rf"(?P<name>{_NAME}(?P<more>{_MORE}))"
    rf"(?P<sep>\\{{0,3}}[\"']?\]?(?:[ \t]{{1,4}}(?:is|was))?[ \t]{{0,8}}(?:=>|:=|={{1,2}}|:)[ \t]{{0,8}})"
    rf"{_VALUE}",
    re.IGNORECASE,
)
# What prose quotes: my password was 'two words'. Of a token a parser says that, too.
SAID = re.compile(
    r"(?P<name>pass(?:word|wd|phrase|code)|pwd)(?P<more>)(?P<sep>[ \t]{1,4}(?:is|was)[ \t]{1,8})"
    r"(?:\"(?P<in_double>[^\"\r\n]{1,200}+)(?=\")|'(?P<in_single>[^'\r\n]{1,200}+)(?='))",
    re.IGNORECASE,
)
# And a word right behind it that can hardly be prose: eight letters or more, capitals, small ones and digits.
_CHAR = r"[^\s\"'`/\\()<>\[\]{}:=,;.]"
SPOKEN = re.compile(
    rf"((?i:pass(?:word|wd|phrase)|pwd)[ \t]{{1,4}}[\"']?)(?={_CHAR}{{0,100}}[a-z])(?={_CHAR}{{0,100}}[A-Z])"
    rf"(?={_CHAR}{{0,100}}\d){_CHAR}{{8,100}}+(?![^\s\"'.,;!?)]|[.,]\w)"
)
# <password>…</password>, <db:privateKey>…: an element by its name, as in Maven's settings.
ELEMENT = re.compile(
    rf"<[\w.:\-]{{0,60}}?(?P<name>{_NAME}(?P<more>{_MORE}))(?P<sep>(?:[ \t][^<>\r\n]{{0,200}}+)?>(?:<!\[CDATA\[)?)"
    r"(?P<text>(?:[^<>\]\r\n]|\](?!\]>)){1,4000}+)(?=</|\]\]>)",
    re.IGNORECASE,
)
# "secret": ["one", "two"]: each of them.
LISTED = re.compile(
    rf"(?P<name>{_NAME}(?P<more>{_MORE}))"
    r"(?P<sep>\\{0,3}[\"']?\]?[ \t]{0,8}(?:=>|:=|={1,2}|:)[ \t]{0,8}[\[(][ \t]{0,8})(?=\\{0,3}[\"'])",
    re.IGNORECASE,
)
ITEM = re.compile(
    r"[ \t]{0,8},?[ \t]{0,8}(?:\\{1,3}[\"'](?P<inner>[^\"'\\\r\n]*+)(?:\\{1,3}[\"'])?"
    r"|\"(?P<in_double>(?:[^\"\\\r\n]|\\[^\r\n])*+)\"?|'(?P<in_single>[^'\r\n]*+)'?)"
)
FLAG = re.compile(
    rf"(?P<name>(?<![\w\-])(?:--?(?:[a-z0-9]{{1,20}}[_\-]){{0,5}}?(?:pass(?:word|wd|phrase)?|pwd|secret|(?:auth)?token"
    rf"|api-?key|(?:access|account|private|secret|master|signing)-?key|(?:(?:src|dest)?store|key|require)pass)"
    rf"|requirepass|masterauth)(?P<more>(?:-key|-value)?))"
    rf"(?P<sep>[ \t]{{1,4}}){_VALUE}",
    re.IGNORECASE,
)
# What stands behind a client's own letter for it: -p of docker, podman, helm … login, of sshpass, MySQL (there without
# a blank: -p alone asks, and what follows is a database) and MongoDB, -a of Redis, -w of LDAP, -P of SQL Server.
_ARGUMENT = r"(?![\"'$\-<\[{(])[^\s\"']{3,}+"
_BEFORE = r"[^\r\n|;&]{0,300}?[ \t]"
CLIENTS = re.compile(
    rf"({_EDGE}(?:(?:login\b|sshpass\b){_BEFORE}-p(?:[ \t=]{{1,3}}[\"']?|[\"']|(?=\S{{0,80}}\d))"
    rf"|(?:my(?:sql[\w\-]{{0,20}}|cli)|mariadb[\w\-]{{0,20}}|sshpass)(?:\.exe)?\b{_BEFORE}(?-i:-p)[\"']?(?!\d{{1,5}}:\d)"
    rf"|mongo\w{{0,12}}\b{_BEFORE}(?-i:-p)[ \t=]{{0,3}}[\"']?|cqlsh\b{_BEFORE}-p[ \t]{{1,3}}[\"']?"
    rf"|(?:redis|valkey)-cli\b{_BEFORE}-a[ \t]{{1,3}}[\"']?"
    rf"|ldap[a-z]{{2,12}}\b{_BEFORE}(?-i:-w)[ \t]{{0,3}}[\"']?|sqlcmd\b{_BEFORE}(?-i:-P)[ \t]{{0,3}}[\"']?"
    rf"|openssl\b{_BEFORE}-pass(?:in|out)?[ \t]{{1,3}}[\"']?pass:"
    # .NET's packages, and ~/.netrc written in one line
    rf"|nuget(?:\.exe)?\b(?:{_BEFORE}-(?:k|sk)|[ \t]{{1,3}}setapikey)[ \t=]{{1,3}}[\"']?"
    r"|(?:machine[ \t]{1,3}\S{1,200}|default)[ \t]{1,3}login[ \t]{1,3}\S{1,200}[ \t]{1,3}password[ \t]{1,3}[\"']?"
    # user and password together
    rf"|(?:curl|wget|https?)\b[^\r\n|;]{{0,300}}?[ \t](?:-[a-z]{{0,8}}u|-a|--(?:proxy-)?user|--auth)[ \t=]{{0,3}}[\"']?"
    r"[^\s:\"'/$]{1,100}:))"
    rf"{_ARGUMENT}",
    re.IGNORECASE,
)
# Apache's: with -b the last of its words.
HTPASSWD = re.compile(
    rf"({_EDGE}htpasswd[ \t]{{1,3}}(?=[^\r\n|;&]{{0,200}}?(?<!\S)-[A-Za-z]{{0,6}}b)"
    r"(?:[^\s|;&<>]{1,200}[ \t]{1,3}){2,12}[\"']?)"
    rf"{_ARGUMENT}(?=[\"')]?[ \t]{{0,3}}(?:$|[|;&<>\r\n]))"
)
KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
KEY_BODY = re.compile(r"[0-9A-Za-z+/=\s\\]{0,20000}+")
