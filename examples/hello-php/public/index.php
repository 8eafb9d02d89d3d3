<?php
$greeting = getenv('GREETING') ?: 'Hello from paas';
$commit = substr(getenv('GIT_REV') ?: '', 0, 7) ?: 'unknown';
$release = getenv('PAAS_RELEASE') ?: 'none';
header('Content-Type: text/plain; charset=utf-8');
echo "$greeting! commit $commit, release $release\n";
