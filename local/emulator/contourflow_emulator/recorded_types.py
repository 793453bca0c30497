"""CloudFormation types our stacks use, the emulator lacks and nothing local reads: accepted and remembered only.

A type listed here deploys without effect. When something local begins to depend on one, it needs a real handler.
"""

from __future__ import annotations

import hashlib
from typing import Any

from ministack.services.cloudformation import provisioners

from . import upstream
from .settings import ACCOUNT_ID, REGION

# type -> (form of the physical id, {attribute: form}); {id} is stack-logical id, {short} a digest of it.
RECORDED_TYPES: dict[str, tuple[str, dict[str, str]]] = {
    "AWS::Logs::QueryDefinition": ("{short}", {"QueryDefinitionId": "{short}"}),
    "AWS::Logs::LogAnomalyDetector": (
        f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:anomaly-detector:{{short}}",
        {"AnomalyDetectorArn": f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:anomaly-detector:{{short}}"},
    ),
    "AWS::Budgets::Budget": ("{id}", {}),
    "AWS::CloudWatch::CompositeAlarm": ("{id}", {"Arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:{{id}}"}),
    "AWS::CloudWatch::AnomalyDetector": ("{id}", {"Id": "{short}"}),
    # The CDK empties a VPC's default security group through a function with the EC2 client; no network exists here.
    "Custom::VpcRestrictDefaultSG": ("{short}", {}),
    "AWS::EC2::FlowLog": ("fl-{short}", {"Id": "fl-{short}"}),
    "AWS::EC2::NetworkAcl": ("acl-{short}", {"Id": "acl-{short}"}),
    "AWS::EC2::NetworkAclEntry": ("{id}", {"Id": "{short}"}),
    "AWS::EC2::SubnetNetworkAclAssociation": ("aclassoc-{short}", {"AssociationId": "aclassoc-{short}"}),
    "AWS::EC2::EIP": ("203.0.113.1", {"AllocationId": "eipalloc-{short}", "PublicIp": "203.0.113.1"}),
    "AWS::EC2::NatGateway": ("nat-{short}", {"NatGatewayId": "nat-{short}"}),
    "AWS::EC2::SecurityGroupIngress": ("sgr-{short}", {"Id": "sgr-{short}"}),
    "AWS::EC2::SecurityGroupEgress": ("sgr-{short}", {"Id": "sgr-{short}"}),
    "AWS::CloudTrail::Trail": ("{id}", {"Arn": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT_ID}:trail/{{id}}"}),
    "AWS::ResourceGroups::Group": ("{id}", {"Arn": f"arn:aws:resource-groups:{REGION}:{ACCOUNT_ID}:group/{{id}}"}),
    "AWS::SecretsManager::ResourcePolicy": ("{short}", {"Id": "{short}"}),
    "AWS::SecretsManager::RotationSchedule": ("{short}", {"Id": "{short}"}),
    "AWS::Cognito::UserPoolRiskConfigurationAttachment": ("{id}", {}),
    "AWS::Cognito::LogDeliveryConfiguration": ("{id}", {"Id": "{short}"}),
    "AWS::WAFv2::WebACLAssociation": ("{short}", {}),
    "AWS::WAFv2::LoggingConfiguration": ("{short}", {}),
    "AWS::Backup::BackupSelection": ("{short}", {"Id": "{short}"}),
    "AWS::ServiceCatalogAppRegistry::Application": ("{short}", {"Id": "{short}"}),
    "AWS::IAM::ServiceLinkedRole": ("{id}", {"RoleName": "{id}"}),
    "AWS::XRay::SamplingRule": ("{id}", {"RuleARN": f"arn:aws:xray:{REGION}:{ACCOUNT_ID}:sampling-rule/{{id}}"}),
}


def install() -> None:
    """Register the table with the CloudFormation engine; a type that upstream now provides stays upstream's."""
    handlers = upstream.require(provisioners, "_RESOURCE_HANDLERS")
    for type_name in RECORDED_TYPES:
        handlers.setdefault(type_name, _handler(type_name))
    handlers["AWS::CloudWatch::Alarm"] = _recording_metric_math(handlers["AWS::CloudWatch::Alarm"])


def _recording_metric_math(alarm: dict[str, Any]) -> dict[str, Any]:
    """Alarms on one metric stay upstream's; those on an expression, which it refuses, are recorded."""
    recorded = _handler("AWS::CloudWatch::CompositeAlarm")

    def create(logical_id: str, props: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        chosen = recorded if "Metrics" in props else alarm
        created: tuple[str, dict[str, str]] = chosen["create"](logical_id, props, stack)
        return created

    def update(physical_id: str, old: Any, new: Any, stack: str, logical_id: str) -> tuple[str, dict[str, str]]:
        if "Metrics" in new:
            return recorded["update"](physical_id, old, new, stack, logical_id)  # type: ignore[no-any-return]
        if "Metrics" in old or "update" not in alarm:
            return create(logical_id, new, stack)
        more = (logical_id,) if alarm.get("update_with_logical_id") else ()
        return alarm["update"](physical_id, old, new, stack, *more)  # type: ignore[no-any-return]

    def delete(physical_id: str, props: dict[str, Any]) -> None:
        if "Metrics" not in props:
            alarm["delete"](physical_id, props)

    return {**alarm, "create": create, "update": update, "update_with_logical_id": True, "delete": delete}


def _handler(type_name: str) -> dict[str, Any]:
    id_form, attribute_forms = RECORDED_TYPES[type_name]

    def create(logical_id: str, _props: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        identity = f"{stack}-{logical_id}"
        parts = {"id": identity, "short": hashlib.sha256(f"{type_name}{identity}".encode()).hexdigest()[:17]}
        attributes = {name: form.format(**parts) for name, form in attribute_forms.items()}
        return id_form.format(**parts), attributes

    def update(physical_id: str, _old: Any, _new: Any, stack: str, logical_id: str) -> tuple[str, dict[str, str]]:
        return physical_id, create(logical_id, {}, stack)[1]

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": lambda _id, _props: None}
