"""Functions that Spark's tables have no other row for, with why; the most frequent ones were written first."""

from __future__ import annotations

from typing import Final

from detectionary.compiler.dialect import Gap

_NOT_WRITTEN: Final = "it is not written for Spark yet"
_NOWHERE: Final = "it has no exact form in SQL that is known here, or only the service can answer it"
_PLACES: Final = "it needs geometry on the sphere"

_SCALARS: Final = {
    _NOT_WRITTEN: """
    abs acos agreed around array_concat array_iff array_index_of array_reverse array_rotate_left
    array_rotate_right array_shift_left array_shift_right array_slice array_sort_asc array_sort_desc array_split
    array_sum asin atan atan2 axis_count axis_index axis_last axis_value bag_has_key bag_merge bag_or_null
    bag_remove_keys bag_set_key bag_zip base64_decode_toarray base64_decode_toguid base64_decode_tostring
    base64_encode_fromarray base64_encode_fromguid base64_encode_tostring bin_at binary_and binary_not binary_or
    binary_shift_left binary_shift_right binary_xor bitset_count_ones ceiling cos cot degrees dynamic_to_json
    exp exp10 exp2 extract_json format_datetime format_ipv4 format_ipv4_mask format_timespan gamma gettype
    has_any_index has_any_ipv4 has_any_ipv4_prefix has_ipv4 has_ipv4_prefix hash_md5 hash_sha1 hash_sha256
    ipv4_compare ipv4_is_in_any_range ipv4_is_in_range ipv4_is_match ipv4_netmask_suffix
    ipv6_compare ipv6_is_in_any_range ipv6_is_in_range ipv6_is_match isascii isfinite isinf isnan isutf8 item_as
    jaccard_index kind_of_dynamic log log10 log2 loggamma make_datetime make_string make_timespan max_of min_of
    pack_filled parse_csv parse_ipv4 parse_ipv4_mask parse_ipv6 parse_ipv6_mask parse_path parse_url
    parse_urlquery pi pow radians range repeat replace_strings round series_abs series_acos series_add
    series_asin series_ceiling series_cosine_similarity series_divide series_dot_product series_equals
    series_exp series_fill_backward series_fill_const series_fill_forward series_fill_linear series_fir
    series_fit_line series_fit_line_dynamic series_floor series_greater series_greater_equals series_iir
    series_less series_less_equals series_log series_magnitude series_multiply series_not_equals
    series_pearson_correlation series_pow series_product series_seasonal series_sign series_sin series_stats
    series_stats_dynamic series_subtract series_sum set_difference set_equals set_has_element set_intersect
    set_union sign sin sqrt strcat_array strrep tan to_utf8 translate unicode_codepoints_from_string
    unicode_codepoints_to_string unixtime_nanoseconds_todatetime url_decode url_encode zip
    """,
    _NOWHERE: """
    __cast __hash_crc32 __hash_djb2 __hash_many_crc32 __hash_xxh64 __hll_normalize __invoke __ipv6_lookup_ranges
    __lz4_compress_dynamic_array_to_base64_string all any beta_cdf beta_inv beta_pdf bin_auto cluster
    convert_angle convert_energy convert_force convert_length convert_mass convert_speed convert_temperature
    convert_volume current_cluster_endpoint current_cursor current_database current_node_id current_principal
    current_principal_details current_principal_is_member_of cursor_after cursor_before_or_at cursor_current
    database datetime_list_timezones datetime_local_to_utc datetime_utc_to_local dcount_hll entity_group erf
    erfc estimate_data_size extent_id extent_tags external_table format_bytes graph
    gzip_compress_to_base64_string gzip_decompress_from_base64_string hash hash_combine hash_many hash_xxhash64
    hll_isvalid hll_merge inner_nodes ipv4_range_to_cidr_list labels like likecs map materialized_view
    merge_tdigest new_guid node_degree_in node_degree_out node_id parse_command_line parse_user_agent
    parse_version percentile_tdigest percentiles_array_tdigest percentrank_tdigest punycode_domain_from_string
    punycode_domain_to_string punycode_from_string punycode_to_string rank_tdigest regex_quote row_id row_rank
    rowstore_ordinal_range series_atan series_cos series_decompose series_decompose_anomalies
    series_decompose_forecast series_fft series_fit_2lines series_fit_2lines_dynamic series_fit_poly series_ifft
    series_outliers series_periods_detect series_periods_validate series_tan stored_query_result tdigest_isvalid
    tdigest_merge treepath url_encode_component welch_test zlib_compress_to_base64_string
    zlib_decompress_from_base64_string
    """,
    _PLACES: """
    __geo_length_to_s2cell_level __geo_line_s2cell_covering_level __geo_line_validate
    __geo_polygon_s2cell_covering_level __geo_polygon_validate geo_angle geo_azimuth geo_closest_point_on_line
    geo_closest_point_on_polygon geo_distance_2points geo_distance_point_to_line geo_distance_point_to_polygon
    geo_from_wkt geo_geohash_neighbors geo_geohash_to_central_point geo_geohash_to_polygon geo_h3cell_children
    geo_h3cell_level geo_h3cell_neighbors geo_h3cell_parent geo_h3cell_rings geo_h3cell_to_central_point
    geo_h3cell_to_polygon geo_info_from_ip_address geo_intersection_2lines geo_intersection_2polygons
    geo_intersection_line_with_polygon geo_intersects_2lines geo_intersects_2polygons
    geo_intersects_line_with_polygon geo_line_buffer geo_line_centroid geo_line_densify
    geo_line_interpolate_point geo_line_length geo_line_locate_point geo_line_simplify geo_line_to_s2cells
    geo_point_buffer geo_point_in_circle geo_point_in_polygon geo_point_to_geohash geo_point_to_h3cell
    geo_point_to_s2cell geo_polygon_area geo_polygon_buffer geo_polygon_centroid geo_polygon_densify
    geo_polygon_perimeter geo_polygon_simplify geo_polygon_to_h3cells geo_polygon_to_s2cells
    geo_s2cell_neighbors geo_s2cell_to_central_point geo_s2cell_to_polygon geo_simplify_polygons_array
    geo_union_lines_array geo_union_polygons_array
    """,
}

_AGGREGATES: Final = {
    _NOT_WRITTEN: """
    binary_all_and binary_all_or binary_all_xor covariance covarianceif covariancep covariancepif make_bag
    make_bag_if make_list_with_nulls percentilew
    """,
    _NOWHERE: """
    buildschema hll hll_if hll_merge merge_tdigest passthrough tdigest tdigest_merge variancepif
    """,
}


def _rows(names: dict[str, str]) -> tuple[Gap, ...]:
    return tuple(Gap(name, reason) for reason, text in names.items() for name in text.split())


SCALAR_GAPS: Final = _rows(_SCALARS)
AGGREGATE_GAPS: Final = _rows(_AGGREGATES)
