"""Writing what intake keeps: folders of files, connections."""

from yingheng.ingest.services.importing import BATCH, ImportResult, folder_import
from yingheng.ingest.services.peers import receiver_config_write

__all__ = ["BATCH", "ImportResult", "folder_import", "receiver_config_write"]
