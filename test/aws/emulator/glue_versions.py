"""Glue's optimistic locking, which moto takes no notice of: UpdateTable with a VersionId that is not the table's is refused.

How AWS words it, and whether it may refuse for other reasons, is not shown by this.
"""
from moto.glue.exceptions import GlueClientError
from moto.glue.responses import GlueResponse

update_table = GlueResponse.update_table


def update_table_of_version(self):
    wanted = self.parameters.get("VersionId")
    name = self.parameters.get("TableInput", {}).get("Name")
    found = self.glue_backend.get_table(self.parameters.get("DatabaseName"), name).as_dict()["VersionId"]
    if wanted is not None and wanted != found:
        raise GlueClientError("ConcurrentModificationException", f"Update table failed due to concurrent modifications: {found}")
    return update_table(self)


GlueResponse.update_table = update_table_of_version
