# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What an instance's main.cf and master.cf say, as text and as postconf(1) reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError
from ansible_collections.mailops.postfix.plugins.module_utils._locks.configuration import (
    Service,
    parse_services,
    remove_references,
)
from ansible_collections.mailops.postfix.plugins.module_utils._locks.tables import PARAMETERS
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.files import read_text

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

_SASL = "smtpd_sasl_auth_enable"
_PROXY = "smtpd_proxy_filter"
_OVERRIDE = "receive_override_options"
_NULL_KEY = "smtpd_null_access_lookup_key"
_OTHERS = (
    _SASL,
    _PROXY,
    _OVERRIDE,
    _NULL_KEY,
    "smtpd_sasl_type",
    "smtpd_sasl_path",
    "cyrus_sasl_config_path",
)
# Daemons that take these options from receive_override_options.
_RECEIVERS = ("smtpd", "qmqpd", "pickup", "cleanup")


@dataclass(frozen=True)
class Configuration:
    """The configuration of an instance at one moment, without what locks have put into it."""

    main_text: str
    master_text: str
    directory: str
    """The directory of the tables of locks."""
    main: Mapping[str, str]
    """The parameters of main.cf, as C(postconf) shows them."""
    overrides: Mapping[str, str]
    """The parameters that services set, as C(postconf -P) names and shows them: {submission/inet/header_checks: ...}."""

    def files(self, instance: Instance) -> Mapping[str, str]:
        """Return the texts by path, main.cf first."""
        return {instance.main_cf: self.main_text, instance.master_cf: self.master_text}

    @property
    def services(self) -> Sequence[Service]:
        """The services of master.cf."""
        return parse_services(self.master_text)

    @property
    def smtp_servers(self) -> list[Service]:
        """The services that run smtpd(8)."""
        return [service for service in self.services if service.command == "smtpd"]

    @property
    def null_key(self) -> str:
        """What stands for the null sender in tables."""
        return self.main.get(_NULL_KEY) or "<>"

    def value_for(self, service: Service, parameter: str) -> str:
        """Return a parameter as a service has it."""
        return self.overrides.get("%s/%s" % (service.shown, parameter), self.main.get(parameter, ""))

    def has_sasl(self, service: Service) -> bool:
        """Return whether a service takes logins."""
        return self.value_for(service, _SASL).lower() not in ("no", "")

    def proxying_services(self) -> list[str]:
        """Return the SMTP services with a before-queue filter: with it, smtpd(8) can neither hold nor discard mail."""
        return [service.shown for service in self.smtp_servers if self.value_for(service, _PROXY)]

    def unchecked_services(self) -> list[str]:
        """Return the services whose mail is not given to header_checks and body_checks."""
        return [
            service.shown
            for service in self.services
            if service.command in _RECEIVERS and "no_header_body_checks" in self.value_for(service, _OVERRIDE)
        ]


def read_configuration(instance: Instance, directory: str) -> Configuration:
    """Return the configuration of an instance. directory: the one of the tables of locks. Raises MailopsError.

    Postfix itself must read the same values of the services as we do, or the text would be changed in a wrong place.
    """
    main_text = read_text(instance.main_cf)
    master_text = read_text(instance.master_cf)
    main = _postconf(instance, *PARAMETERS, *_OTHERS)
    overrides = _postconf(instance, "-P")
    _check_services(instance, master_text, overrides)
    return Configuration(
        main_text,
        master_text,
        directory,
        {name: remove_references(value, directory) for name, value in main.items()},
        {name: remove_references(value, directory) for name, value in overrides.items()},
    )


def effective_values(instance: Instance) -> Mapping[str, str]:
    """Return the values of the parameters that refer to tables, those of services too, in a form in which blanks do not count."""
    values = {**_postconf(instance, *PARAMETERS), **_postconf(instance, "-P")}
    return {name: compact(value) for name, value in values.items() if name.rpartition("/")[2] in PARAMETERS}


def compact(value: str) -> str:
    """Return a value without blanks."""
    return "".join(value.split())


def table_types(instance: Instance) -> list[str]:
    """Return the types of tables that an instance has (postconf -m)."""
    return instance.runner.run(instance.command("postconf", "-m")).out.split()


def _postconf(instance: Instance, *arguments: str) -> dict[str, str]:
    """Return what postconf(1) shows. Raises InstanceError if it fails."""
    command = instance.command("postconf", *arguments)
    output = instance.runner.run(command)
    if output.status:
        raise InstanceError(
            "%s failed: %s. Correct main.cf and master.cf, then run this again."
            % (" ".join(command), output.err.strip())
        )
    values = {}
    for line in output.out.splitlines():
        name, sign, value = line.partition("=")
        if sign:
            values[name.strip()] = value.strip()
    return values


def _check_services(instance: Instance, text: str, overrides: Mapping[str, str]) -> None:
    """Raise InstanceError if postconf(1) reads other values of our parameters in master.cf than we do."""
    ours = {
        "%s/%s" % (service.shown, name): compact(setting.value)
        for service in parse_services(text)
        for name, setting in service.settings.items()
        if name in PARAMETERS
    }
    theirs = {name: compact(value) for name, value in overrides.items() if name.rpartition("/")[2] in PARAMETERS}
    for name in sorted({*ours, *theirs}):
        if ours.get(name) != theirs.get(name):
            raise InstanceError(
                "%s in master.cf in %s has a form that cannot be changed safely. Nothing was changed. Write it as "
                '"-o name=value" or "-o { name = value }".' % (name, instance.config_directory)
            )
