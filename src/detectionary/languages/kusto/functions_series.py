"""Scalar functions on series, places and sketches (hll, tdigest); `functions.py` says how to read a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from detectionary.languages.kusto.functions import Columns, Function, Naming, Result, by_name, function
from detectionary.languages.kusto.types import BOOL, DYNAMIC, INT, LONG, REAL, STRING

SERIES_FUNCTIONS: Final[Mapping[str, Function]] = by_name(
    (
        function(
            "percentile_tdigest",
            ("tdigest:array percentile1:real", DYNAMIC),
            ("tdigest:array percentile1:real type:type@literal", Result.LAST_TYPE),
            name_rule=Naming.PREFIXED,
        ),
        function(
            "percentiles_array_tdigest",
            ("tdigest:array percentile:real+", DYNAMIC),
            ("tdigest:array percentiles:array", DYNAMIC),
            name_rule=Naming.PREFIXED,
            prefix="percentile_tdigest",
        ),
        function("percentrank_tdigest", ("digest:array value:scalar", REAL)),
        function("rank_tdigest", ("digest:array value:scalar", REAL)),
        function("tdigest_isvalid", ("digest:array value:scalar", BOOL)),
        function("hll_isvalid", ("hll:array value:scalar", BOOL)),
        function("tdigest_merge", ("tdigest:array+2", DYNAMIC), name_rule=Naming.FIXED, prefix="tdigests_merge_result"),
        function("merge_tdigest", ("tdigest:array+2", DYNAMIC), name_rule=Naming.FIXED, prefix="tdigests_merge_result"),
        function("hll_merge", ("hll:array+2", DYNAMIC), name_rule=Naming.FIXED, prefix="hll_merged_result"),
        function("dcount_hll", ("hll:array", LONG), name_rule=Naming.PREFIXED),
        function(
            "series_fir",
            ("series:array filter:array normalize:bool? center:bool?", DYNAMIC),
            name_rule=Naming.FIRST_ARGUMENT,
        ),
        function(
            "series_stats",
            (
                "series:array ignore_nonfinite:bool@constant?",
                Columns("min:real min_idx:long max:real max_idx:long avg:real stdev:real variance:real"),
            ),
        ),
        function("series_stats_dynamic", ("series:array ignore_nonfinite:bool@constant?", DYNAMIC)),
        function("series_fft", ("series:array series_imaginary:array?", Columns("real:dynamic imag:dynamic"))),
        function("series_ifft", ("series:array series_imaginary:array?", Columns("real:dynamic imag:dynamic"))),
        function(
            "series_fit_line",
            (
                "series:array",
                Columns("rsquare:real slope:real variance:real rvariance:real interception:real line_fit:dynamic"),
            ),
        ),
        function("series_fit_line_dynamic", ("series:array", DYNAMIC)),
        function(
            "series_fit_2lines",
            (
                "array:array",
                Columns(
                    "rsquare:real split_idx:long variance:real rvariance:real line_fit:dynamic "
                    "right_rsquare:real right_slope:real right_interception:real right_variance:real "
                    "right_rvariance:real left_rsquare:real left_slope:real left_interception:real "
                    "left_variance:real left_rvariance:real"
                ),
            ),
        ),
        function("series_fit_2lines_dynamic", ("series:array", DYNAMIC)),
        function(
            "series_outliers",
            ("series:array kind:string? ignore_val:number?", Result.ARGUMENT_0),
            (
                "series:array kind:string ignore_val:real min_percentile:real max_percentile:real? "
                "test_points:integer?",
                Result.ARGUMENT_0,
            ),
            name_rule=Naming.FIRST_ARGUMENT,
        ),
        function(
            "series_iir", ("series:array numerators:array denominators:array", DYNAMIC), name_rule=Naming.FIRST_ARGUMENT
        ),
        function(
            "series_periods_detect",
            (
                "series:array min_period:number max_period:number num_periods:long",
                Columns("periods:dynamic scores:dynamic"),
            ),
        ),
        function("series_periods_validate", ("series:array period:number+", Columns("periods:dynamic scores:dynamic"))),
        function(
            "series_fill_backward",
            ("series:array missing_value_placeholder:number?", Result.ARGUMENT_0),
            name_rule=Naming.FIRST_ARGUMENT,
        ),
        function(
            "series_fill_forward",
            ("series:array missing_value_placeholder:number?", Result.ARGUMENT_0),
            name_rule=Naming.FIRST_ARGUMENT,
        ),
        function(
            "series_fill_const",
            ("series:array constant_value:number? missing_value_placeholder:number?", Result.ARGUMENT_0),
            name_rule=Naming.FIRST_ARGUMENT,
        ),
        function(
            "series_fill_linear",
            (
                "series:array missing_value_placeholder:number? fill_edges:bool? constant_value:number?",
                Result.ARGUMENT_0,
            ),
            name_rule=Naming.FIRST_ARGUMENT,
        ),
        function(
            "series_fit_poly",
            (
                "y_series:array x_series:array? degree:int?",
                Columns("rsquare:real coefficients:dynamic variance:real rvariance:real poly_fit:dynamic"),
            ),
        ),
        function(
            "series_add",
            ("series1:array series2:array", DYNAMIC),
            ("series1:array series2:number", DYNAMIC),
            ("series1:number series2:array", DYNAMIC),
        ),
        function(
            "series_subtract",
            ("series1:array series2:array", DYNAMIC),
            ("series1:array series2:number", DYNAMIC),
            ("series1:number series2:array", DYNAMIC),
        ),
        function(
            "series_multiply",
            ("series1:array series2:array", DYNAMIC),
            ("series1:array series2:number", DYNAMIC),
            ("series1:number series2:array", DYNAMIC),
        ),
        function(
            "series_divide",
            ("series1:array series2:array", DYNAMIC),
            ("series1:array series2:number", DYNAMIC),
            ("series1:number series2:array", DYNAMIC),
        ),
        function(
            "series_pow",
            ("series1:array series2:array", DYNAMIC),
            ("series1:array series2:number", DYNAMIC),
            ("series1:number series2:array", DYNAMIC),
        ),
        function(
            "series_greater",
            ("series1:array series2:array", DYNAMIC),
            ("series1:array series2:number", DYNAMIC),
            ("series1:number series2:array", DYNAMIC),
        ),
        function(
            "series_greater_equals",
            ("series1:array series2:array", DYNAMIC),
            ("series1:array series2:number", DYNAMIC),
            ("series1:number series2:array", DYNAMIC),
        ),
        function(
            "series_less",
            ("series1:array series2:array", DYNAMIC),
            ("series1:array series2:number", DYNAMIC),
            ("series1:number series2:array", DYNAMIC),
        ),
        function(
            "series_less_equals",
            ("series1:array series2:array", DYNAMIC),
            ("series1:array series2:number", DYNAMIC),
            ("series1:number series2:array", DYNAMIC),
        ),
        function(
            "series_equals",
            ("series1:array series2:array", DYNAMIC),
            ("series1:array series2:number", DYNAMIC),
            ("series1:number series2:array", DYNAMIC),
        ),
        function(
            "series_not_equals",
            ("series1:array series2:array", DYNAMIC),
            ("series1:array series2:number", DYNAMIC),
            ("series1:number series2:array", DYNAMIC),
        ),
        function("series_exp", ("series:array", DYNAMIC)),
        function("series_sign", ("series:array", DYNAMIC)),
        function("series_abs", ("series:array", Result.ARGUMENT_0)),
        function("series_sin", ("series:array", DYNAMIC)),
        function("series_asin", ("series:array", DYNAMIC)),
        function("series_cos", ("series:array", DYNAMIC)),
        function("series_acos", ("series:array", DYNAMIC)),
        function("series_tan", ("series:array", DYNAMIC)),
        function("series_atan", ("series:array", DYNAMIC)),
        function("series_magnitude", ("series:array", REAL)),
        function("series_sum", ("series:array", REAL)),
        function("series_product", ("series:array", REAL)),
        function("series_log", ("series:array", DYNAMIC)),
        function("series_floor", ("series:array", DYNAMIC)),
        function("series_ceiling", ("series:array", Result.ARGUMENT_0)),
        function(
            "series_seasonal",
            ("series:array", DYNAMIC),
            ("series:array period:integer", DYNAMIC),
            ("series:array period:integer test_points:integer", DYNAMIC),
        ),
        function(
            "series_decompose",
            (
                "series:array period:integer? trend:string? test_points:integer? seasonality_threshold:number?",
                Columns("baseline:dynamic seasonal:dynamic trend:dynamic residual:dynamic"),
            ),
        ),
        function(
            "series_decompose_forecast",
            (
                "series:array test_points:integer period:integer? trend:string? seasonality_threshold:number?",
                Columns("baseline:dynamic seasonal:dynamic trend:dynamic residual:dynamic"),
            ),
        ),
        function(
            "series_decompose_anomalies",
            (
                "series:array threshold:number? period:integer? trend:string? test_points:integer? "
                "method:string? seasonality_threshold:number?",
                Columns("ad_flag:dynamic ad_score:dynamic baseline:dynamic"),
            ),
        ),
        function("series_pearson_correlation", ("series1:array series2:array", REAL)),
        function(
            "series_dot_product",
            ("series1:array series2:array", REAL),
            ("series1:array series2:number", REAL),
            ("series1:number series2:array", REAL),
        ),
        function(
            "series_cosine_similarity",
            ("series1:array series2:array series1_magnitude:real? series2_magnitude:real?", REAL),
        ),
        function("geo_from_wkt", ("wkt:string|dynamic", DYNAMIC)),
        function(
            "geo_angle",
            (
                "p1_longitude:number p1_latitude:number p2_longitude:number p2_latitude:number "
                "p3_longitude:number p3_latitude:number",
                REAL,
            ),
        ),
        function(
            "geo_azimuth", ("p1_longitude:number p1_latitude:number p2_longitude:number p2_latitude:number", REAL)
        ),
        function("geo_closest_point_on_line", ("longitude:number latitude:number lineString:bag", DYNAMIC)),
        function("geo_closest_point_on_polygon", ("longitude:number latitude:number polygon:bag", DYNAMIC)),
        function(
            "geo_distance_2points",
            (
                "p1_longitude:number p1_latitude:number p2_longitude:number p2_latitude:number "
                "use_spheroid:number|bool?",
                REAL,
            ),
        ),
        function("geo_distance_point_to_line", ("longitude:number latitude:number lineString:bag", REAL)),
        function("geo_distance_point_to_polygon", ("longitude:number latitude:number polygon:bag", REAL)),
        function(
            "geo_point_in_circle",
            ("p_longitude:number p_latitude:number pc_longitude:number pc_latitude:number c_radius:number", BOOL),
        ),
        function("geo_point_in_polygon", ("longitude:number latitude:number polygon:bag", BOOL)),
        function("geo_intersects_2lines", ("lineString1:bag lineString2:bag", BOOL)),
        function("geo_intersects_line_with_polygon", ("lineString:bag polygon:bag", BOOL)),
        function("geo_intersects_2polygons", ("polygon1:bag polygon2:bag", BOOL)),
        function("geo_intersection_2lines", ("lineString1:bag lineString2:bag", DYNAMIC)),
        function("geo_intersection_line_with_polygon", ("lineString:bag polygon:bag", DYNAMIC)),
        function("geo_intersection_2polygons", ("polygon1:bag polygon2:bag", DYNAMIC)),
        function("geo_union_polygons_array", ("polygons:array", DYNAMIC)),
        function("geo_simplify_polygons_array", ("polygons:array tolerance:number?", DYNAMIC)),
        function("geo_union_lines_array", ("lineStrings:array", DYNAMIC)),
        function("geo_polygon_to_h3cells", ("polygon:bag resolution:number? radius:number?", DYNAMIC)),
        function("geo_polygon_to_s2cells", ("polygon:bag level:number? radius:number?", DYNAMIC)),
        function("geo_polygon_densify", ("polygon:bag tolerance:number? preserve_crossing:number|bool?", DYNAMIC)),
        function("geo_polygon_area", ("polygon:bag", REAL)),
        function("geo_polygon_buffer", ("polygon:bag radius:number tolerance:number?", DYNAMIC)),
        function("geo_polygon_centroid", ("polygon:bag", DYNAMIC)),
        function("geo_polygon_perimeter", ("polygon:bag", REAL)),
        function("geo_polygon_simplify", ("polygon:bag tolerance:number?", DYNAMIC)),
        function("geo_line_length", ("lineString:bag", REAL)),
        function("geo_line_buffer", ("lineString:bag radius:number tolerance:number?", DYNAMIC)),
        function("geo_line_centroid", ("lineString:bag", DYNAMIC)),
        function("geo_line_densify", ("lineString:bag tolerance:number? preserve_crossing:number|bool?", DYNAMIC)),
        function("geo_line_simplify", ("lineString:bag tolerance:number?", DYNAMIC)),
        function(
            "geo_line_locate_point", ("lineString:bag longitude:number latitude:number use_spheroid:number|bool?", REAL)
        ),
        function("geo_line_interpolate_point", ("lineString:bag fraction:number", DYNAMIC)),
        function("geo_line_to_s2cells", ("lineString:bag level:number? radius:number?", DYNAMIC)),
        function("geo_point_to_geohash", ("longitude:number latitude:number accuracy:number?", STRING)),
        function("geo_geohash_to_central_point", ("geohash:string", DYNAMIC)),
        function("geo_geohash_to_polygon", ("geohash:string", DYNAMIC)),
        function("geo_geohash_neighbors", ("geohash:string", DYNAMIC)),
        function("geo_point_buffer", ("longitude:number latitude:number radius:number tolerance:number?", DYNAMIC)),
        function("geo_point_to_s2cell", ("longitude:number latitude:number level:number?", STRING)),
        function("geo_s2cell_to_central_point", ("s2cell:string", DYNAMIC)),
        function("geo_s2cell_to_polygon", ("s2cell:string", DYNAMIC)),
        function("geo_s2cell_neighbors", ("s2cell:string", DYNAMIC)),
        function("geo_point_to_h3cell", ("longitude:number latitude:number resolution:number?", STRING)),
        function("geo_h3cell_to_central_point", ("h3cell:string", DYNAMIC)),
        function("geo_h3cell_to_polygon", ("h3cell:string", DYNAMIC)),
        function("geo_h3cell_neighbors", ("h3cell:string", DYNAMIC)),
        function("geo_h3cell_children", ("h3cell:string resolution:number?", DYNAMIC)),
        function("geo_h3cell_parent", ("h3cell:string resolution:number?", STRING)),
        function("geo_h3cell_rings", ("h3cell:string distance:number", DYNAMIC)),
        function("geo_h3cell_level", ("h3cell:string", INT)),
        function("geo_info_from_ip_address", ("ip:string", DYNAMIC)),
    )
)
