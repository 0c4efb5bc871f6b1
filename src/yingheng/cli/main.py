"""Entry point of the `yingheng` command; subcommands are imported only when they are called."""

from __future__ import annotations

import importlib

import click

# name -> (module, attribute, one line for the overview)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "check": ("yingheng.cli.check", "check", "评价文件夹中的检查（不用数据库） · judge a folder of DICOM, no database"),
    "phantom": (
        "yingheng.cli.phantom",
        "phantom",
        "设备性能检测：体模图像（不用数据库） · performance test with a phantom",
    ),
    "standards": ("yingheng.cli.standards", "standards", "查看与校验标准 · list, show and lint standards"),
    "rules": ("yingheng.cli.rules", "rules", "本院规则：试运行、发布、回退 · a hospital's own rules"),
    "init": ("yingheng.cli.init", "init", "新建医院与管理员 · first hospital and administrator"),
    "import": ("yingheng.cli.importing", "import_", "导入文件夹 · import folders of DICOM"),
    "items": ("yingheng.cli.items", "items", "检查项目对照：列出、导出、导入 · which item the texts of exams mean"),
    "operators": (
        "yingheng.cli.operators",
        "operators",
        "操作者：从已存图像补读 · who made exams stored before operators were kept",
    ),
    "serve": ("yingheng.cli.server", "serve", "启动网页与评价进程 · web and workers in one command"),
    "receive": (
        "yingheng.cli.receive",
        "receive",
        "只启动 DICOM 接收（不用数据库） · DICOM receiving alone, no database",
    ),
    "intake": ("yingheng.cli.intake", "intake", "只启动入库进程 · intake alone: the spool into the catalog"),
    "rejects": ("yingheng.cli.rejects", "rejects", "废片日志：导入、重新统计 · logs of rejected exposures"),
    "worker": ("yingheng.cli.server", "worker", "只启动评价进程 · workers alone"),
    "deidentify": (
        "yingheng.cli.deidentify",
        "command",
        "去标识导出（不用数据库） · copies without identity, no database",
    ),
    "storage": ("yingheng.cli.storage", "storage", "存储与像素保留：计划、执行 · what retention removes"),
    "cells": ("yingheng.cli.cells", "cells", "统计汇总：与事实核对、重算 · prove or recount the stored figures"),
    "positions": (
        "yingheng.cli.positions",
        "positions",
        "评片病例的体位：补判 · the position of cases drawn before positions were found",
    ),
    "doctor": ("yingheng.cli.doctor", "doctor", "检查本系统是否正常 · is this installation sound"),
    "demo": ("yingheng.cli.demo", "demo", "演示：样例数据与网页 · everything on sample data"),
}


class LazyGroup(click.Group):
    """A group that imports a subcommand's module on use, so that `check` never waits for the platform."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, _, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="yingheng")
def main() -> None:
    """影衡 Yingheng: quality control of medical imaging, from the image to the certificate."""
