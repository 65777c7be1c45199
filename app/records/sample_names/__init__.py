"""Common names and towns by region, for invented people: what the generator draws from."""

from app.records.sample_names import east, north, south, west
from app.records.sample_names.region import Region

REGIONS: tuple[Region, ...] = (*north.REGIONS, *west.REGIONS, *east.REGIONS, *south.REGIONS)
