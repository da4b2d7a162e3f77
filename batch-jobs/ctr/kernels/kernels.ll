; Numba 0.68.1 made this of source.py by compile.py; SHA-256 47c68128fe0a4840b6467ef042086ffa50fa96714ff260f5ab0608a0a920b66c

@.const.array.data = internal unnamed_addr constant [864 x i8] c"\00\00\00\00\00\00\90<\00\00\00\00\00\00\A0<\00\00\00\00\00\00\B0<\00\00\00\00\00\00\C0<\00\00\00\00\00\00\D0<\00\00\00\00\00\00\E0<\00\00\00\00\00\00\F0<\00\00\00\00\00\00\00=\00\00\00\00\00\00\10=\00\00\00\00\00\00 =\00\00\00\00\00\000=\00\00\00\00\00\00@=\00\00\00\00\00\00P=\00\00\00\00\00\00`=\00\00\00\00\00\00p=\00\00\00\00\00\00\80=\00\00\00\00\00\00\90=\00\00\00\00\00\00\A0=\00\00\00\00\00\00\B0=\00\00\00\00\00\00\C0=\00\00\00\00\00\00\D0=\00\00\00\00\00\00\E0=\00\00\00\00\00\00\F0=\00\00\00\00\00\00\00>\00\00\00\00\00\00\10>\00\00\00\00\00\00 >\00\00\00\00\00\000>\00\00\00\00\00\00@>\00\00\00\00\00\00P>\00\00\00\00\00\00`>\00\00\00\00\00\00p>\00\00\00\00\00\00\80>\00\00\00\00\00\00\90>\00\00\00\00\00\00\A0>\00\00\00\00\00\00\B0>\00\00\00\00\00\00\C0>\00\00\00\00\00\00\D0>\00\00\00\00\00\00\E0>\00\00\00\00\00\00\F0>\00\00\00\00\00\00\00?\00\00\00\00\00\00\10?\00\00\00\00\00\00 ?\00\00\00\00\00\000?\00\00\00\00\00\00@?\00\00\00\00\00\00P?\00\00\00\00\00\00`?\00\00\00\00\00\00p?\00\00\00\00\00\00\80?\00\00\00\00\00\00\90?\00\00\00\00\00\00\A0?\00\00\00\00\00\00\B0?\00\00\00\00\00\00\C0?\00\00\00\00\00\00\D0?\00\00\00\00\00\00\E0?\00\00\00\00\00\00\F0?\00\00\00\00\00\00\00@\00\00\00\00\00\00\10@\00\00\00\00\00\00 @\00\00\00\00\00\000@\00\00\00\00\00\00@@\00\00\00\00\00\00P@\00\00\00\00\00\00`@\00\00\00\00\00\00p@\00\00\00\00\00\00\80@\00\00\00\00\00\00\90@\00\00\00\00\00\00\A0@\00\00\00\00\00\00\B0@\00\00\00\00\00\00\C0@\00\00\00\00\00\00\D0@\00\00\00\00\00\00\E0@\00\00\00\00\00\00\F0@\00\00\00\00\00\00\00A\00\00\00\00\00\00\10A\00\00\00\00\00\00 A\00\00\00\00\00\000A\00\00\00\00\00\00@A\00\00\00\00\00\00PA\00\00\00\00\00\00`A\00\00\00\00\00\00pA\00\00\00\00\00\00\80A\00\00\00\00\00\00\90A\00\00\00\00\00\00\A0A\00\00\00\00\00\00\B0A\00\00\00\00\00\00\C0A\00\00\00\00\00\00\D0A\00\00\00\00\00\00\E0A\00\00\00\00\00\00\F0A\00\00\00\00\00\00\00B\00\00\00\00\00\00\10B\00\00\00\00\00\00 B\00\00\00\00\00\000B\00\00\00\00\00\00@B\00\00\00\00\00\00PB\00\00\00\00\00\00`B\00\00\00\00\00\00pB\00\00\00\00\00\00\80B\00\00\00\00\00\00\90B\00\00\00\00\00\00\A0B\00\00\00\00\00\00\B0B\00\00\00\00\00\00\C0B\00\00\00\00\00\00\D0B\00\00\00\00\00\00\E0B\00\00\00\00\00\00\F0B\00\00\00\00\00\00\00C\00\00\00\00\00\00\10C\00\00\00\00\00\00 C\00\00\00\00\00\000C\00\00\00\00\00\00@C", align 8

define noundef range(i32 -1, -2) i32 @hash_rows(ptr noalias writeonly captures(none) %retptr, ptr noalias readnone captures(none) %excinfo, ptr readonly captures(none) %arg.text, i64 %arg.size, i64 %arg.separator, i64 %arg.terminator, ptr readonly captures(none) %arg.prefixes, i64 %arg.prefix_bytes, ptr captures(none) %arg.begun, ptr writeonly captures(none) %arg.features, ptr writeonly captures(none) %arg.clicks, i64 %arg.rows, i64 %arg.columns, ptr writeonly captures(none) %arg.read) local_unnamed_addr {
B0.endif.endif.endif.endif.endif.else.endif:
  %arg.columns.fr = freeze i64 %arg.columns
  %.495 = icmp sgt i64 %arg.columns.fr, 0
  br i1 %.495, label %.573.preheader.us.preheader, label %.562, !prof !0

B196:                                             ; preds = %B196.preheader, %B424
  %column.3.01121 = phi i64 [ %.1218, %B424 ], [ 0, %B196.preheader ]
  %.68711181120 = phi i64 [ %.707, %B424 ], [ 0, %B196.preheader ]
  %.703 = getelementptr i8, ptr %arg.prefixes, i64 %.68711181120
  %.704 = load i8, ptr %.703, align 1
  %.707 = add nuw nsw i64 %.68711181120, 1
  %.788.idx = mul i64 %column.3.01121, 24
  %.788 = getelementptr i8, ptr %arg.begun, i64 %.788.idx
  %.789 = load i64, ptr %.788, align 8
  %.843 = getelementptr i8, ptr %.788, i64 8
  %.844 = load i64, ptr %.843, align 8
  %.898 = getelementptr i8, ptr %.788, i64 16
  %.899 = load i64, ptr %.898, align 8
  %.905 = zext i8 %.704 to i64
  %.906 = and i64 %.899, 3
  %.907 = shl nuw nsw i64 %.906, 3
  %.908 = shl nuw nsw i64 %.905, %.907
  %.909 = or i64 %.908, %.844
  %.914 = icmp eq i64 %.906, 3
  br i1 %.914, label %B386, label %B424

B386:                                             ; preds = %B196
  %.924 = mul nsw i64 %.909, %const
  %.925 = and i64 %.924, 4294967295
  %.926 = shl nuw nsw i64 %.925, 15
  %.927 = lshr i64 %.925, 17
  %.929 = or disjoint i64 %.926, %.927
  %.930 = mul i64 %.929, 461845907
  %.931 = and i64 %.930, 4294967295
  %.932 = xor i64 %.931, %.789
  %.933 = shl i64 %.932, 13
  %.934 = lshr i64 %.932, 19
  %.935 = or i64 %.933, %.934
  %.937 = mul i64 %.935, 5
  %const_mat112 = add i64 %const, 431373843
  %.938 = add i64 %.937, %const_mat112
  %.939 = and i64 %.938, 4294967295
  br label %B424

B424:                                             ; preds = %B386, %B196
  %"$282call.23.2.sroa.8.1" = phi i64 [ 0, %B386 ], [ %.909, %B196 ]
  %"$282call.23.2.sroa.0.1" = phi i64 [ %.939, %B386 ], [ %.789, %B196 ]
  %sunkaddr = getelementptr i8, ptr %arg.begun, i64 %.788.idx
  store i64 %"$282call.23.2.sroa.0.1", ptr %sunkaddr, align 8
  %sunkaddr114 = getelementptr i8, ptr %arg.begun, i64 %.788.idx
  %sunkaddr115 = getelementptr i8, ptr %sunkaddr114, i64 8
  store i64 %"$282call.23.2.sroa.8.1", ptr %sunkaddr115, align 8
  %.1157 = add nsw i64 %.899, 1
  %sunkaddr116 = getelementptr i8, ptr %arg.begun, i64 %.788.idx
  %sunkaddr117 = getelementptr i8, ptr %sunkaddr116, i64 16
  store i64 %.1157, ptr %sunkaddr117, align 8
  %.1212 = icmp eq i8 %.704, 61
  %.1217 = zext i1 %.1212 to i64
  %.1218 = add nuw nsw i64 %column.3.01121, %.1217
  %exitcond.not = icmp eq i64 %arg.prefix_bytes, %.707
  br i1 %exitcond.not, label %B460.endif, label %B196

B502:                                             ; preds = %B502.preheader, %B1442.loopexit
  %position.6.01168 = phi i64 [ %.2627, %B1442.loopexit ], [ 0, %B502.preheader ]
  %.132011421166 = phi i64 [ %.1327, %B1442.loopexit ], [ 0, %B502.preheader ]
  %.1327 = add nuw nsw i64 %.132011421166, 1
  store i64 %.132011421166, ptr %arg.read, align 8
  %sunkaddr118 = getelementptr i8, ptr %arg.read, i64 8
  store i64 %position.6.01168, ptr %sunkaddr118, align 8
  %.1365 = icmp eq i64 %position.6.01168, %arg.size
  br i1 %.1365, label %common.ret, label %B544

common.ret:                                       ; preds = %B680.endif.endif, %B746.us, %B680.endif.endif.us, %B578.us, %B502.us, %B1443, %B1106, %B746, %B578, %B502
  %.sink = phi i64 [ 0, %B1443 ], [ %spec.select1091, %B1106 ], [ 1, %B578.us ], [ 0, %B502.us ], [ 0, %B502 ], [ 1, %B578 ], [ 3, %B746 ], [ 3, %B680.endif.endif ], [ 3, %B680.endif.endif.us ], [ 3, %B746.us ]
  store i64 %.sink, ptr %retptr, align 8
  ret i32 0

B544:                                             ; preds = %B502
  %.1433 = icmp slt i64 %position.6.01168, 0
  %.1434 = select i1 %.1433, i64 %arg.size, i64 0
  %0 = getelementptr i8, ptr %arg.text, i64 %position.6.01168
  %.1448 = getelementptr i8, ptr %0, i64 %.1434
  %.1449 = load i8, ptr %.1448, align 1
  %.1453 = zext i8 %.1449 to i64
  %.1454.not = icmp eq i64 %arg.separator, %.1453
  br i1 %.1454.not, label %B680.endif.endif, label %B578.preheader

B578.preheader:                                   ; preds = %B544
  br label %B578

B578:                                             ; preds = %B662, %B578.preheader
  %position.7.1 = phi i64 [ %.1541, %B662 ], [ %position.6.01168, %B578.preheader ]
  %.1475 = icmp slt i64 %position.7.1, 0
  %.1476 = select i1 %.1475, i64 %arg.size, i64 0
  %scevgep101 = getelementptr i8, ptr %arg.text, i64 %.1476
  %scevgep102 = getelementptr i8, ptr %scevgep101, i64 %position.7.1
  %.1491 = load i8, ptr %scevgep102, align 1
  %.1493 = zext i8 %.1491 to i64
  %.1494 = icmp eq i64 %arg.terminator, %.1493
  br i1 %.1494, label %common.ret, label %B662

B662:                                             ; preds = %B578
  %.1541 = add i64 %position.7.1, 1
  %.1559 = icmp slt i64 %position.7.1, -1
  %.1560 = select i1 %.1559, i64 %arg.size, i64 0
  %1 = add i64 %.1560, 1
  %scevgep103 = getelementptr i8, ptr %arg.text, i64 %1
  %scevgep104 = getelementptr i8, ptr %scevgep103, i64 %position.7.1
  %.1575 = load i8, ptr %scevgep104, align 1
  %.1577 = zext i8 %.1575 to i64
  %.1578.not = icmp eq i64 %arg.separator, %.1577
  br i1 %.1578.not, label %B680.endif.endif, label %B578

B746:                                             ; preds = %B680.endif.endif
  %.1667 = add nsw i64 %position.8.2, 2
  %.1681 = icmp slt i64 %position.8.2, -2
  %.1682 = select i1 %.1681, i64 %arg.size, i64 0
  %2 = getelementptr i8, ptr %arg.text, i64 %.1667
  %.1696 = getelementptr i8, ptr %2, i64 %.1682
  %.1697 = load i8, ptr %.1696, align 1
  %.1699 = zext i8 %.1697 to i64
  %.1700.not = icmp eq i64 %arg.separator, %.1699
  br i1 %.1700.not, label %B848.endif, label %common.ret

B984:                                             ; preds = %B1020.endif.endif, %B984.preheader
  %length.3.2 = phi i64 [ %.2310, %B1020.endif.endif ], [ %.2077, %B984.preheader ]
  %k.3.2 = phi i64 [ %"$872call.8.2.sroa.8.3", %B1020.endif.endif ], [ %.2022, %B984.preheader ]
  %h.4.2 = phi i64 [ %"$872call.8.2.sroa.0.3", %B1020.endif.endif ], [ %.1967, %B984.preheader ]
  %position.11.2 = phi i64 [ %.2316, %B1020.endif.endif ], [ %.2097, %B984.preheader ]
  %byte.3.2 = phi i8 [ %.2350, %B1020.endif.endif ], [ %.2135, %B984.preheader ]
  %.2214 = zext i8 %byte.3.2 to i64
  %.2215 = and i64 %length.3.2, 3
  %.2216 = shl nuw nsw i64 %.2215, 3
  %.2217 = shl nuw nsw i64 %.2214, %.2216
  %.2218 = or i64 %.2217, %k.3.2
  %.2223 = icmp eq i64 %.2215, 3
  br i1 %.2223, label %B998, label %B1020.endif.endif

B998:                                             ; preds = %B984
  %.2233 = mul nsw i64 %.2218, %const
  %.2234 = and i64 %.2233, 4294967295
  %.2235 = shl nuw nsw i64 %.2234, 15
  %.2236 = lshr i64 %.2234, 17
  %.2238 = or disjoint i64 %.2235, %.2236
  %.2239 = mul i64 %.2238, 461845907
  %.2240 = and i64 %.2239, 4294967295
  %.2241 = xor i64 %.2240, %h.4.2
  %.2242 = shl i64 %.2241, 13
  %.2243 = lshr i64 %.2241, 19
  %.2244 = or i64 %.2242, %.2243
  %.2246 = mul i64 %.2244, 5
  %const_mat113 = add i64 %const, 431373843
  %.2247 = add i64 %.2246, %const_mat113
  %.2248 = and i64 %.2247, 4294967295
  br label %B1020.endif.endif

B1102:                                            ; preds = %B1020.endif.endif, %B972.endif.endif
  %.2417.pre-phi = phi i64 [ %.96.i18, %B972.endif.endif ], [ %.96.i23, %B1020.endif.endif ]
  %length.4.3 = phi i64 [ %.2077, %B972.endif.endif ], [ %.2310, %B1020.endif.endif ]
  %k.4.3 = phi i64 [ %.2022, %B972.endif.endif ], [ %"$872call.8.2.sroa.8.3", %B1020.endif.endif ]
  %h.5.3 = phi i64 [ %.1967, %B972.endif.endif ], [ %"$872call.8.2.sroa.0.3", %B1020.endif.endif ]
  %position.10.3 = phi i64 [ %.2097, %B972.endif.endif ], [ %.2316, %B1020.endif.endif ]
  %.2418 = icmp eq i64 %arg.terminator, %.2417.pre-phi
  %.2422 = icmp eq i64 %.187811251129, %.2420
  %.2423 = xor i1 %.2422, %.2418
  br i1 %.2423, label %B1106, label %B1275

B1106:                                            ; preds = %B1102
  %3 = icmp eq i64 %arg.terminator, %.2417.pre-phi
  %spec.select1091 = select i1 %3, i64 1, i64 2
  br label %common.ret

B1275:                                            ; preds = %B1102
  %.2506 = mul nsw i64 %k.4.3, %const
  %.2507 = and i64 %.2506, 4294967295
  %.2508 = shl nuw nsw i64 %.2507, 15
  %.2509 = lshr i64 %.2507, 17
  %.2511 = or disjoint i64 %.2508, %.2509
  %.2512 = mul i64 %.2511, 461845907
  %.2513 = and i64 %.2512, 4294967295
  %.2514 = xor i64 %h.5.3, %length.4.3
  %.2518 = xor i64 %.2514, %.2513
  %.2519 = lshr i64 %.2518, 16
  %.2520 = xor i64 %.2519, %.2518
  %const_mat110 = add i64 %const, -1186095846
  %.2521 = mul i64 %.2520, %const_mat110
  %.2522 = lshr i64 %.2521, 13
  %.2523 = and i64 %.2522, 524287
  %.2524 = xor i64 %.2523, %.2521
  %const_mat111 = add i64 %const, -166428444
  %.2525 = mul i64 %.2524, %const_mat111
  %.2526 = and i64 %.2525, 4294967295
  %.2527 = lshr i64 %.2526, 16
  %.2528 = xor i64 %.2527, %.2526
  %const_mat = add i64 %const, -1285434705
  %.2533 = icmp samesign ult i64 %.2526, %const_mat
  %.2543 = sub nsw i64 0, %.2528
  %const_mat109 = add i64 %const, -1285434705
  %.2548 = or i64 %.2543, %const_mat109
  %"$phi1148.2.2.2" = select i1 %.2533, i64 %.2528, i64 %.2548
  %4 = getelementptr i32, ptr %17, i64 %.187811251129
  %.2613 = trunc i64 %"$phi1148.2.2.2" to i32
  store i32 %.2613, ptr %4, align 4
  %exitcond1211.not = icmp eq i64 %arg.columns.fr, %.1885
  br i1 %exitcond1211.not, label %B1442.loopexit, label %B972.endif.endif

B1442.loopexit:                                   ; preds = %B1275
  %.2627 = add nsw i64 %position.10.3, 1
  %exitcond1212.not = icmp eq i64 %.1327, %arg.rows
  br i1 %exitcond1212.not, label %B1443, label %B502

B1443:                                            ; preds = %B848.endif.us, %B460.endif, %B1442.loopexit
  %position.6.0.lcssa = phi i64 [ 0, %B460.endif ], [ %.2627.us, %B848.endif.us ], [ %.2627, %B1442.loopexit ]
  store i64 %arg.rows, ptr %arg.read, align 8
  %.2677 = getelementptr i8, ptr %arg.read, i64 8
  store i64 %position.6.0.lcssa, ptr %.2677, align 8
  br label %common.ret

.573.preheader.us.preheader:                      ; preds = %B0.endif.endif.endif.endif.endif.else.endif
  %5 = mul i64 %arg.columns.fr, 24
  tail call void @llvm.memset.p0.i64(ptr align 8 %arg.begun, i8 0, i64 %5, i1 false)
  br label %.562

.562:                                             ; preds = %.573.preheader.us.preheader, %B0.endif.endif.endif.endif.endif.else.endif
  %const = bitcast i64 3432918353 to i64
  %.6881119 = icmp sgt i64 %arg.prefix_bytes, 0
  br i1 %.6881119, label %B196.preheader, label %B460.endif

B196.preheader:                                   ; preds = %.562
  br label %B196

B460.endif:                                       ; preds = %.562, %B424
  %.13141163.not = icmp slt i64 %arg.rows, 1
  br i1 %.13141163.not, label %B1443, label %B502.lr.ph

B502.lr.ph:                                       ; preds = %B460.endif
  %.18721128.not = icmp slt i64 %arg.columns.fr, 1
  %.2420 = add nsw i64 %arg.columns.fr, -1
  br i1 %.18721128.not, label %B502.us.preheader, label %B502.preheader

B502.preheader:                                   ; preds = %B502.lr.ph
  %scevgep105 = getelementptr i8, ptr %arg.text, i64 2
  br label %B502

B502.us.preheader:                                ; preds = %B502.lr.ph
  br label %B502.us

B502.us:                                          ; preds = %B848.endif.us, %B502.us.preheader
  %position.6.01168.us = phi i64 [ %.2627.us, %B848.endif.us ], [ 0, %B502.us.preheader ]
  %.132011421166.us = phi i64 [ %.1327.us, %B848.endif.us ], [ 0, %B502.us.preheader ]
  %.1327.us = add nuw nsw i64 %.132011421166.us, 1
  store i64 %.132011421166.us, ptr %arg.read, align 8
  %sunkaddr119 = getelementptr i8, ptr %arg.read, i64 8
  store i64 %position.6.01168.us, ptr %sunkaddr119, align 8
  %.1365.us = icmp eq i64 %position.6.01168.us, %arg.size
  br i1 %.1365.us, label %common.ret, label %B544.us

B544.us:                                          ; preds = %B502.us
  %.1433.us = icmp slt i64 %position.6.01168.us, 0
  %.1434.us = select i1 %.1433.us, i64 %arg.size, i64 0
  %6 = getelementptr i8, ptr %arg.text, i64 %position.6.01168.us
  %.1448.us = getelementptr i8, ptr %6, i64 %.1434.us
  %.1449.us = load i8, ptr %.1448.us, align 1
  %.1453.us = zext i8 %.1449.us to i64
  %.1454.not.us = icmp eq i64 %arg.separator, %.1453.us
  br i1 %.1454.not.us, label %B680.endif.endif.us, label %B578.us.preheader

B578.us.preheader:                                ; preds = %B544.us
  br label %B578.us

B578.us:                                          ; preds = %B662.us, %B578.us.preheader
  %position.7.1.us = phi i64 [ %.1541.us, %B662.us ], [ %position.6.01168.us, %B578.us.preheader ]
  %.1475.us = icmp slt i64 %position.7.1.us, 0
  %.1476.us = select i1 %.1475.us, i64 %arg.size, i64 0
  %scevgep99 = getelementptr i8, ptr %arg.text, i64 %.1476.us
  %scevgep100 = getelementptr i8, ptr %scevgep99, i64 %position.7.1.us
  %.1491.us = load i8, ptr %scevgep100, align 1
  %.1493.us = zext i8 %.1491.us to i64
  %.1494.us = icmp eq i64 %arg.terminator, %.1493.us
  br i1 %.1494.us, label %common.ret, label %B662.us

B662.us:                                          ; preds = %B578.us
  %.1541.us = add i64 %position.7.1.us, 1
  %.1559.us = icmp slt i64 %position.7.1.us, -1
  %.1560.us = select i1 %.1559.us, i64 %arg.size, i64 0
  %7 = add i64 %.1560.us, 1
  %scevgep = getelementptr i8, ptr %arg.text, i64 %7
  %scevgep98 = getelementptr i8, ptr %scevgep, i64 %position.7.1.us
  %.1575.us = load i8, ptr %scevgep98, align 1
  %.1577.us = zext i8 %.1575.us to i64
  %.1578.not.us = icmp eq i64 %arg.separator, %.1577.us
  br i1 %.1578.not.us, label %B680.endif.endif.us, label %B578.us

B680.endif.endif.us:                              ; preds = %B662.us, %B544.us
  %position.8.2.us = phi i64 [ %position.6.01168.us, %B544.us ], [ %.1541.us, %B662.us ]
  %.1602.us = icmp slt i64 %position.8.2.us, -1
  %.1603.us = select i1 %.1602.us, i64 %arg.size, i64 0
  %8 = getelementptr i8, ptr %arg.text, i64 %position.8.2.us
  %9 = getelementptr i8, ptr %8, i64 1
  %.1617.us = getelementptr i8, ptr %9, i64 %.1603.us
  %.1618.us = load i8, ptr %.1617.us, align 1
  %10 = and i8 %.1618.us, -2
  %or.cond.i.not.us = icmp eq i8 %10, 48
  br i1 %or.cond.i.not.us, label %B746.us, label %common.ret

B746.us:                                          ; preds = %B680.endif.endif.us
  %.1681.us = icmp slt i64 %position.8.2.us, -2
  %.1682.us = select i1 %.1681.us, i64 %arg.size, i64 0
  %11 = getelementptr i8, ptr %8, i64 2
  %.1696.us = getelementptr i8, ptr %11, i64 %.1682.us
  %.1697.us = load i8, ptr %.1696.us, align 1
  %.1699.us = zext i8 %.1697.us to i64
  %.1700.not.us = icmp eq i64 %arg.separator, %.1699.us
  br i1 %.1700.not.us, label %B848.endif.us, label %common.ret

B848.endif.us:                                    ; preds = %B746.us
  %.1750.us = add nsw i8 %.1618.us, -48
  %12 = getelementptr i8, ptr %arg.clicks, i64 %.132011421166.us
  store i8 %.1750.us, ptr %12, align 1
  %.2627.us = add nsw i64 %position.8.2.us, 3
  %exitcond1212.not.us = icmp eq i64 %.1327.us, %arg.rows
  br i1 %exitcond1212.not.us, label %B1443, label %B502.us

B680.endif.endif:                                 ; preds = %B662, %B544
  %position.8.2 = phi i64 [ %position.6.01168, %B544 ], [ %.1541, %B662 ]
  %.1602 = icmp slt i64 %position.8.2, -1
  %.1603 = select i1 %.1602, i64 %arg.size, i64 0
  %13 = getelementptr i8, ptr %arg.text, i64 %position.8.2
  %14 = getelementptr i8, ptr %13, i64 1
  %.1617 = getelementptr i8, ptr %14, i64 %.1603
  %.1618 = load i8, ptr %.1617, align 1
  %15 = and i8 %.1618, -2
  %or.cond.i.not = icmp eq i8 %15, 48
  br i1 %or.cond.i.not, label %B746, label %common.ret

B848.endif:                                       ; preds = %B746
  %.1750 = add nsw i8 %.1618, -48
  %16 = getelementptr i8, ptr %arg.clicks, i64 %.132011421166
  store i8 %.1750, ptr %16, align 1
  %.2608 = mul i64 %.132011421166, %arg.columns.fr
  %17 = getelementptr i32, ptr %arg.features, i64 %.2608
  br label %B972.endif.endif

B972.endif.endif:                                 ; preds = %B848.endif, %B1275
  %position.9.11131 = phi i64 [ %.1667, %B848.endif ], [ %position.10.3, %B1275 ]
  %.187811251129 = phi i64 [ 0, %B848.endif ], [ %.1885, %B1275 ]
  %.1885 = add nuw nsw i64 %.187811251129, 1
  %.1966.idx = mul i64 %.187811251129, 24
  %.1966 = getelementptr i8, ptr %arg.begun, i64 %.1966.idx
  %.1967 = load i64, ptr %.1966, align 8
  %.2021 = getelementptr i8, ptr %.1966, i64 8
  %.2022 = load i64, ptr %.2021, align 8
  %.2076 = getelementptr i8, ptr %.1966, i64 16
  %.2077 = load i64, ptr %.2076, align 8
  %.2097 = add nsw i64 %position.9.11131, 1
  %.2119 = icmp slt i64 %position.9.11131, -1
  %.2120 = select i1 %.2119, i64 %arg.size, i64 0
  %18 = getelementptr i8, ptr %arg.text, i64 %.2097
  %.2134 = getelementptr i8, ptr %18, i64 %.2120
  %.2135 = load i8, ptr %.2134, align 1
  %.96.i18 = zext i8 %.2135 to i64
  %.97.i19 = icmp ne i64 %arg.separator, %.96.i18
  %.97.1.i20 = icmp ne i64 %arg.terminator, %.96.i18
  %or.cond.i21.not = select i1 %.97.i19, i1 %.97.1.i20, i1 false
  br i1 %or.cond.i21.not, label %B984.preheader, label %B1102

B984.preheader:                                   ; preds = %B972.endif.endif
  br label %B984

B1020.endif.endif:                                ; preds = %B998, %B984
  %"$872call.8.2.sroa.8.3" = phi i64 [ 0, %B998 ], [ %.2218, %B984 ]
  %"$872call.8.2.sroa.0.3" = phi i64 [ %.2248, %B998 ], [ %h.4.2, %B984 ]
  %.2316 = add nsw i64 %position.11.2, 1
  %.2334 = icmp slt i64 %position.11.2, -1
  %.2335 = select i1 %.2334, i64 %arg.size, i64 0
  %scevgep106 = getelementptr i8, ptr %scevgep105, i64 %.2335
  %scevgep107 = getelementptr i8, ptr %scevgep106, i64 %position.11.2
  %scevgep108 = getelementptr i8, ptr %scevgep107, i64 -1
  %.2350 = load i8, ptr %scevgep108, align 1
  %.96.i23 = zext i8 %.2350 to i64
  %.97.i24 = icmp ne i64 %arg.separator, %.96.i23
  %.97.1.i25 = icmp ne i64 %arg.terminator, %.96.i23
  %or.cond.i26.not = select i1 %.97.i24, i1 %.97.1.i25, i1 false
  %.2310 = add i64 %length.3.2, 1
  br i1 %or.cond.i26.not, label %B984, label %B1102
}

; Function Attrs: nocallback nofree nounwind willreturn memory(argmem: write)
declare void @llvm.memset.p0.i64(ptr writeonly captures(none), i8, i64, i1 immarg) #0

define noundef range(i32 -1, -2) i32 @learn(ptr noalias writeonly captures(none) %retptr, ptr noalias readnone captures(none) %excinfo, ptr readonly captures(none) %arg.features, ptr readonly captures(none) %arg.clicks, i64 %arg.rows, i64 %arg.columns, i64 %arg.seed, ptr captures(none) %arg.order, i64 %arg.penalty, double %arg.alpha, double %arg.eta, ptr captures(none) %arg.paid, ptr captures(none) %arg.weights, i64 %arg.size, ptr captures(none) %arg.state) local_unnamed_addr {
B0.endif.endif.endif.endif:
  %.239 = add nsw i64 %arg.size, -1
  %.245 = load double, ptr %arg.state, align 8
  %.247 = getelementptr i8, ptr %arg.state, i64 8
  %.248 = load double, ptr %.247, align 8
  %.286 = icmp eq i64 %arg.penalty, 2
  br i1 %.286, label %B240, label %B286.endif

B240:                                             ; preds = %B0.endif.endif.endif.endif
  %.290 = fmul double %arg.alpha, %arg.eta
  %.291 = fsub double 1.000000e+00, %.290
  %.12.i = fcmp ogt double %.291, 0.000000e+00
  %.13.i = select i1 %.12.i, double %.291, double 0.000000e+00
  br label %B286.endif

B336:                                             ; preds = %B336.preheader143, %B336
  %.45513401342 = phi i64 [ %.462, %B336 ], [ %.45513401342.ph, %B336.preheader143 ]
  %.462 = add nuw nsw i64 %.45513401342, 1
  %0 = shl i64 %.45513401342, 3
  %scevgep186 = getelementptr i8, ptr %arg.order, i64 %0
  store i64 %.45513401342, ptr %scevgep186, align 8
  %exitcond.not = icmp eq i64 %arg.rows, %.462
  br i1 %exitcond.not, label %B644, label %B336, !llvm.loop !1

B644:                                             ; preds = %middle.block, %B336
  %.6211347.not = icmp eq i64 %arg.rows, 1
  br i1 %.6211347.not, label %B1008.lr.ph, label %B872.preheader

B872.preheader:                                   ; preds = %B644
  %spec.select = tail call i64 @llvm.umax.i64(i64 %arg.seed, i64 1)
  br label %B872

B872:                                             ; preds = %B872.endif, %B872.preheader
  %lsr.iv183 = phi i64 [ %arg.rows, %B872.preheader ], [ %lsr.iv.next184, %B872.endif ]
  %_shuffle_v20_draw.4.01350 = phi i64 [ %.668, %B872.endif ], [ %spec.select, %B872.preheader ]
  %.62713461348 = phi i64 [ %.634, %B872.endif ], [ 0, %B872.preheader ]
  %.660 = shl i64 %_shuffle_v20_draw.4.01350, 13
  %.661 = and i64 %.660, 4294959104
  %.663 = xor i64 %.661, %_shuffle_v20_draw.4.01350
  %.664 = ashr i64 %.663, 17
  %.665 = xor i64 %.664, %.663
  %.666 = shl i64 %.665, 5
  %.667 = and i64 %.666, 4294967264
  %.668 = xor i64 %.667, %.665
  %.677 = icmp eq i64 %lsr.iv183, 0
  br i1 %.677, label %B872.endif, label %B872.else.if, !prof !4

B1008.lr.ph:                                      ; preds = %B872.endif, %B644
  %const192 = bitcast i64 2305843009213693950 to i64
  %const = bitcast i64 1152921504606846975 to i64
  %.2726 = fmul double %arg.alpha, %arg.eta
  %1 = add i64 %arg.size, -1
  %scevgep = getelementptr i8, ptr %arg.weights, i64 8
  %const_mat = add i64 %const194, 2
  %unroll_iter = and i64 %arg.columns, %const_mat
  %mul.result = shl i64 %1, 4
  %2 = getelementptr i8, ptr %scevgep, i64 %mul.result
  %3 = icmp ult ptr %2, %scevgep
  %mul.result94 = shl i64 %1, 4
  %mul.overflow95 = icmp ugt i64 %1, %const
  %4 = getelementptr i8, ptr %arg.weights, i64 %mul.result94
  %5 = icmp ult ptr %4, %arg.weights
  %6 = or i1 %5, %mul.overflow95
  %7 = or i1 %3, %6
  %n.vec100 = and i64 %arg.size, %const192
  %scevgep165 = getelementptr i8, ptr %arg.features, i64 4
  %8 = shl i64 %arg.columns, 2
  %scevgep174 = getelementptr i8, ptr %arg.weights, i64 24
  br label %B1008

B1008:                                            ; preds = %B2246, %B1008.lr.ph
  %loss.2.01451 = phi double [ 0.000000e+00, %B1008.lr.ph ], [ %.1393, %B2246 ]
  %due.2.01450 = phi double [ 0.000000e+00, %B1008.lr.ph ], [ %due.3.2, %B2246 ]
  %average_b.3.01449 = phi double [ 1.000000e+00, %B1008.lr.ph ], [ %average_b.4.1, %B2246 ]
  %average_a.3.01448 = phi double [ 0.000000e+00, %B1008.lr.ph ], [ %.2698, %B2246 ]
  %scale.4.01447 = phi double [ 1.000000e+00, %B1008.lr.ph ], [ %scale.3.11229, %B2246 ]
  %intercept.2.01446 = phi double [ 0.000000e+00, %B1008.lr.ph ], [ %.2651, %B2246 ]
  %average_intercept.2.01445 = phi double [ %.245, %B1008.lr.ph ], [ %.2713, %B2246 ]
  %steps.2.01444 = phi double [ %.248, %B1008.lr.ph ], [ %.2658, %B2246 ]
  %.95213801443 = phi i64 [ 0, %B1008.lr.ph ], [ %.974, %B2246 ]
  %9 = icmp sgt i64 %arg.columns, 0
  %.965 = shl i64 %.95213801443, 3
  %.969 = getelementptr i8, ptr %arg.order, i64 %.965
  %.971 = load i64, ptr %.969, align 8
  %.974 = add nuw nsw i64 %.95213801443, 1
  %.1021 = icmp slt i64 %.971, 0
  %.1022 = select i1 %.1021, i64 %arg.rows, i64 0
  %.1023 = add i64 %.1022, %.971
  %.1040 = mul i64 %.1023, %arg.columns
  %.1042 = getelementptr i32, ptr %arg.features, i64 %.1040
  br i1 %9, label %B1030.preheader, label %B1505.endif

B1030.preheader:                                  ; preds = %B1008
  %10 = icmp eq i64 %arg.columns, 1
  br i1 %10, label %B1030.epil.preheader, label %B1030.preheader154

B1030.preheader154:                               ; preds = %B1030.preheader
  %11 = mul i64 %8, %.1023
  %scevgep166 = getelementptr i8, ptr %scevgep165, i64 %11
  br label %B1030

B1030:                                            ; preds = %B1030, %B1030.preheader154
  %_margin_v17_total.2.11356 = phi double [ %.1272.1, %B1030 ], [ 0.000000e+00, %B1030.preheader154 ]
  %.116013531355 = phi i64 [ %.1182.1, %B1030 ], [ 0, %B1030.preheader154 ]
  %.1173 = shl i64 %.116013531355, 2
  %scevgep168 = getelementptr i8, ptr %scevgep166, i64 %.1173
  %scevgep169 = getelementptr i8, ptr %scevgep168, i64 -4
  %.1179 = load i32, ptr %scevgep169, align 4
  %.1208 = zext i32 %.1179 to i64
  %.1209 = and i64 %.239, %.1208
  %.1263.idx = shl nuw nsw i64 %.1209, 4
  %.1263 = getelementptr i8, ptr %arg.weights, i64 %.1263.idx
  %.1264 = load double, ptr %.1263, align 8
  %12 = lshr i64 %.1208, 30
  %13 = and i64 %12, 2
  %.1268 = uitofp nneg i64 %13 to double
  %.1269 = fsub double 1.000000e+00, %.1268
  %.1270 = fmul double %.1264, %.1269
  %.1272 = fadd double %_margin_v17_total.2.11356, %.1270
  %.1182 = shl i64 %.116013531355, 2
  %scevgep167 = getelementptr i8, ptr %scevgep166, i64 %.1182
  %.1179.1 = load i32, ptr %scevgep167, align 4
  %.1182.1 = add nuw i64 %.116013531355, 2
  %.1208.1 = zext i32 %.1179.1 to i64
  %.1209.1 = and i64 %.239, %.1208.1
  %.1263.idx.1 = shl nuw nsw i64 %.1209.1, 4
  %.1263.1 = getelementptr i8, ptr %arg.weights, i64 %.1263.idx.1
  %.1264.1 = load double, ptr %.1263.1, align 8
  %14 = lshr i64 %.1208.1, 30
  %15 = and i64 %14, 2
  %.1268.1 = uitofp nneg i64 %15 to double
  %.1269.1 = fsub double 1.000000e+00, %.1268.1
  %.1270.1 = fmul double %.1264.1, %.1269.1
  %.1272.1 = fadd double %.1272, %.1270.1
  %niter.ncmp.1 = icmp eq i64 %unroll_iter, %.1182.1
  br i1 %niter.ncmp.1, label %B1505.endif.loopexit.unr-lcssa, label %B1030

B1714:                                            ; preds = %B1714.preheader153, %B1714
  %lsr.iv181 = phi i64 [ %56, %B1714.preheader153 ], [ %lsr.iv.next182, %B1714 ]
  %lsr.iv176 = phi ptr [ %scevgep175, %B1714.preheader153 ], [ %scevgep177, %B1714 ]
  %scevgep180 = getelementptr i8, ptr %lsr.iv176, i64 -24
  %scevgep179 = getelementptr i8, ptr %lsr.iv176, i64 -16
  %.2015 = load double, ptr %scevgep179, align 8
  %.2069 = load double, ptr %scevgep180, align 8
  %.2071 = fmul double %average_a.3.01448, %.2069
  %.2072 = fadd double %.2015, %.2071
  %.2077 = fdiv double %.2072, %average_b.3.01449
  store double %.2077, ptr %scevgep179, align 8
  %.2187 = fmul double %.1780, %.2069
  store double %.2187, ptr %scevgep180, align 8
  %scevgep178 = getelementptr i8, ptr %lsr.iv176, i64 -8
  %.2015.1 = load double, ptr %lsr.iv176, align 8
  %.2069.1 = load double, ptr %scevgep178, align 8
  %.2071.1 = fmul double %average_a.3.01448, %.2069.1
  %.2072.1 = fadd double %.2015.1, %.2071.1
  %.2077.1 = fdiv double %.2072.1, %average_b.3.01449
  store double %.2077.1, ptr %lsr.iv176, align 8
  %.2187.1 = fmul double %.1780, %.2069.1
  store double %.2187.1, ptr %scevgep178, align 8
  %scevgep177 = getelementptr i8, ptr %lsr.iv176, i64 32
  %lsr.iv.next182 = add i64 %lsr.iv181, -2
  %exitcond1564.not.1 = icmp eq i64 %lsr.iv.next182, 0
  br i1 %exitcond1564.not.1, label %B1860.endif, label %B1714, !llvm.loop !5

B1877:                                            ; preds = %B1877.preheader, %B1877
  %.235413711373 = phi i64 [ %.2376, %B1877 ], [ 0, %B1877.preheader ]
  %.2367 = shl i64 %.235413711373, 2
  %.2371 = getelementptr i8, ptr %.1042, i64 %.2367
  %.2373 = load i32, ptr %.2371, align 4
  %.2376 = add nuw nsw i64 %.235413711373, 1
  %.2401 = zext i32 %.2373 to i64
  %16 = lshr i64 %.2401, 30
  %17 = and i64 %16, 2
  %.2404 = uitofp nneg i64 %17 to double
  %.2405 = fsub double 1.000000e+00, %.2404
  %.2408 = and i64 %.239, %.2401
  %.2461.idx = shl nuw nsw i64 %.2408, 4
  %.2461 = getelementptr i8, ptr %arg.weights, i64 %.2461.idx
  %.2462 = load double, ptr %.2461, align 8
  %.2464 = fmul double %.2294, %.2405
  %.2465 = fadd double %.2462, %.2464
  store double %.2465, ptr %.2461, align 8
  %.2573 = getelementptr i8, ptr %.2461, i64 8
  %.2574 = load double, ptr %.2573, align 8
  %.2576 = fmul double %.2301, %.2405
  %.2577 = fadd double %.2574, %.2576
  store double %.2577, ptr %.2573, align 8
  %exitcond1565.not = icmp eq i64 %arg.columns, %.2376
  br i1 %exitcond1565.not, label %B1947, label %B1877

B1947:                                            ; preds = %B1860.endif, %B1877
  %.2647 = fmul double %.1774, 1.000000e-02
  %.2651 = fadd double %intercept.2.01446, %.2647
  %.2658 = fadd double %steps.2.01444, 1.000000e+00
  %average_b.4.1.frozen = freeze double %.2658
  %.2665 = fcmp ogt double %average_b.4.1.frozen, 1.000000e+00
  %.2671 = fdiv double 1.000000e+00, %.2658
  %.2672 = fsub double 1.000000e+00, %.2671
  br i1 %.2665, label %select.true.sink, label %select.end

select.true.sink:                                 ; preds = %B1947
  %.2677 = fdiv double %average_b.5.11228, %.2672
  br label %select.end

select.end:                                       ; preds = %select.true.sink, %B1947
  %average_b.4.1 = phi double [ %.2677, %select.true.sink ], [ %average_b.5.11228, %B1947 ]
  %18 = icmp eq i64 %arg.penalty, 1
  %.2691 = fmul double %scale.3.11229, %average_b.4.1
  %.2696 = fdiv double %.2691, %.2658
  %.2698 = fadd double %average_a.4.11227, %.2696
  %.2706 = fsub double %.2651, %average_intercept.2.01445
  %.2711 = fdiv double %.2706, %.2658
  %.2713 = fadd double %average_intercept.2.01445, %.2711
  br i1 %18, label %B1966, label %B2246

B1966:                                            ; preds = %select.end
  %19 = icmp sgt i64 %arg.columns, 0
  %.2728 = fadd double %.2726, %due.2.01450
  br i1 %19, label %B2133.preheader, label %B2246

B2133.preheader:                                  ; preds = %B1966
  br label %B2133

B2133:                                            ; preds = %B2242, %B2133.preheader
  %.279113751378 = phi i64 [ %.2813, %B2242 ], [ 0, %B2133.preheader ]
  %.2804 = shl i64 %.279113751378, 2
  %.2808 = getelementptr i8, ptr %.1042, i64 %.2804
  %.2810 = load i32, ptr %.2808, align 4
  %.2813 = add nuw nsw i64 %.279113751378, 1
  %.2841 = zext i32 %.2810 to i64
  %.2842 = and i64 %.239, %.2841
  %.2899.idx = shl nuw nsw i64 %.2842, 4
  %.2899 = getelementptr i8, ptr %arg.weights, i64 %.2899.idx
  %.2900 = load double, ptr %.2899, align 8
  %.2905 = fcmp ogt double %.2900, 0.000000e+00
  br i1 %.2905, label %B2159, label %B2226

B2159:                                            ; preds = %B2133
  %.2909 = getelementptr double, ptr %arg.paid, i64 %.2842
  %.2910 = load double, ptr %.2909, align 8
  %.2912 = fadd double %.2728, %.2910
  %.2917 = fdiv double %.2912, %scale.3.11229
  %.2919 = fsub double %.2900, %.2917
  %.12.i39 = fcmp ogt double %.2919, 0.000000e+00
  %.13.i40 = select i1 %.12.i39, double %.2919, double 0.000000e+00
  br label %B2242.sink.split

B2226:                                            ; preds = %B2133
  %.3005 = fcmp olt double %.2900, 0.000000e+00
  br i1 %.3005, label %B2228, label %B2242

B2228:                                            ; preds = %B2226
  %.3009 = getelementptr double, ptr %arg.paid, i64 %.2842
  %.3010 = load double, ptr %.3009, align 8
  %.3012 = fsub double %.2728, %.3010
  %.3017 = fdiv double %.3012, %scale.3.11229
  %.3019 = fadd double %.2900, %.3017
  %.12.i41 = fcmp olt double %.3019, 0.000000e+00
  %.13.i42 = select i1 %.12.i41, double %.3019, double 0.000000e+00
  br label %B2242.sink.split

B2242.sink.split:                                 ; preds = %B2228, %B2159
  %.3022.sink.sroa.speculated = phi double [ %.13.i42, %B2228 ], [ %.13.i40, %B2159 ]
  %sunkaddr = getelementptr i8, ptr %arg.weights, i64 %.2899.idx
  store double %.3022.sink.sroa.speculated, ptr %sunkaddr, align 8
  br label %B2242

B2242:                                            ; preds = %B2242.sink.split, %B2226
  %.3162 = phi double [ %.2900, %B2226 ], [ %.3022.sink.sroa.speculated, %B2242.sink.split ]
  %.3106 = getelementptr double, ptr %arg.paid, i64 %.2842
  %.3107 = load double, ptr %.3106, align 8
  %.3164 = fsub double %.3162, %.2900
  %.3168 = fmul double %scale.3.11229, %.3164
  %.3169 = fadd double %.3107, %.3168
  store double %.3169, ptr %.3106, align 8
  %exitcond1566.not = icmp eq i64 %arg.columns, %.2813
  br i1 %exitcond1566.not, label %B2246, label %B2133

B2246:                                            ; preds = %B2242, %B1966, %select.end
  %due.3.2 = phi double [ %due.2.01450, %select.end ], [ %.2728, %B1966 ], [ %.2728, %B2242 ]
  %exitcond1567.not = icmp eq i64 %.974, %arg.rows
  br i1 %exitcond1567.not, label %B2248.endif, label %B1008

B2288:                                            ; preds = %B2288.preheader152, %B2288
  %lsr.iv160 = phi i64 [ %74, %B2288.preheader152 ], [ %lsr.iv.next, %B2288 ]
  %lsr.iv = phi ptr [ %scevgep155, %B2288.preheader152 ], [ %scevgep156, %B2288 ]
  %scevgep159 = getelementptr i8, ptr %lsr.iv, i64 -24
  %scevgep158 = getelementptr i8, ptr %lsr.iv, i64 -16
  %.3490 = load double, ptr %scevgep158, align 8
  %.3544 = load double, ptr %scevgep159, align 8
  %.3546 = fmul double %average_a.3.0.lcssa, %.3544
  %.3547 = fadd double %.3490, %.3546
  %.3552 = fdiv double %.3547, %average_b.3.0.lcssa
  store double %.3552, ptr %scevgep158, align 8
  %.3662 = fmul double %scale.4.0.lcssa, %.3544
  store double %.3662, ptr %scevgep159, align 8
  %scevgep157 = getelementptr i8, ptr %lsr.iv, i64 -8
  %.3490.1 = load double, ptr %lsr.iv, align 8
  %.3544.1 = load double, ptr %scevgep157, align 8
  %.3546.1 = fmul double %average_a.3.0.lcssa, %.3544.1
  %.3547.1 = fadd double %.3490.1, %.3546.1
  %.3552.1 = fdiv double %.3547.1, %average_b.3.0.lcssa
  store double %.3552.1, ptr %lsr.iv, align 8
  %.3662.1 = fmul double %scale.4.0.lcssa, %.3544.1
  store double %.3662.1, ptr %scevgep157, align 8
  %scevgep156 = getelementptr i8, ptr %lsr.iv, i64 32
  %lsr.iv.next = add i64 %lsr.iv160, -2
  %exitcond1568.not.1 = icmp eq i64 %lsr.iv.next, 0
  br i1 %exitcond1568.not.1, label %common.ret, label %B2288, !llvm.loop !6

common.ret:                                       ; preds = %B2288.prol.loopexit, %middle.block138, %B2248.endif, %B2288
  store double %average_intercept.2.0.lcssa, ptr %arg.state, align 8
  %sunkaddr195 = getelementptr i8, ptr %arg.state, i64 8
  store double %steps.2.0.lcssa, ptr %sunkaddr195, align 8
  store double %loss.2.0.lcssa, ptr %retptr, align 8
  ret i32 0

B286.endif:                                       ; preds = %B240, %B0.endif.endif.endif.endif
  %"$phi286.0.2.0" = phi double [ 1.000000e+00, %B0.endif.endif.endif.endif ], [ %.13.i, %B240 ]
  %.4491341.not = icmp slt i64 %arg.rows, 1
  br i1 %.4491341.not, label %B2248.endif, label %B336.preheader

B336.preheader:                                   ; preds = %B286.endif
  %const194 = bitcast i64 9223372036854775804 to i64
  %min.iters.check = icmp ult i64 %arg.rows, 4
  br i1 %min.iters.check, label %B336.preheader143, label %vector.ph

vector.ph:                                        ; preds = %B336.preheader
  %n.vec = and i64 %arg.rows, %const194
  br label %vector.body

vector.body:                                      ; preds = %vector.body, %vector.ph
  %index = phi i64 [ 0, %vector.ph ], [ %index.next, %vector.body ]
  %vec.ind = phi <2 x i64> [ <i64 0, i64 1>, %vector.ph ], [ %vec.ind.next, %vector.body ]
  %step.add = add <2 x i64> %vec.ind, splat (i64 2)
  %sunkaddr196 = mul i64 %index, 8
  %sunkaddr197 = getelementptr i8, ptr %arg.order, i64 %sunkaddr196
  store <2 x i64> %vec.ind, ptr %sunkaddr197, align 8
  %sunkaddr198 = mul i64 %index, 8
  %sunkaddr199 = getelementptr i8, ptr %arg.order, i64 %sunkaddr198
  %sunkaddr200 = getelementptr i8, ptr %sunkaddr199, i64 16
  store <2 x i64> %step.add, ptr %sunkaddr200, align 8
  %index.next = add nuw i64 %index, 4
  %vec.ind.next = add <2 x i64> %vec.ind, splat (i64 4)
  %20 = icmp eq i64 %n.vec, %index.next
  br i1 %20, label %middle.block, label %vector.body, !llvm.loop !7

middle.block:                                     ; preds = %vector.body
  %cmp.n = icmp eq i64 %arg.rows, %n.vec
  br i1 %cmp.n, label %B644, label %B336.preheader143

B336.preheader143:                                ; preds = %middle.block, %B336.preheader
  %.45513401342.ph = phi i64 [ 0, %B336.preheader ], [ %n.vec, %middle.block ]
  br label %B336

B872.endif:                                       ; preds = %33, %B872
  %rem.0 = phi i64 [ 0, %B872 ], [ %spec.select1284, %33 ]
  %21 = add i64 %.62713461348, %rem.0
  %.729 = icmp slt i64 %21, 0
  %.730 = select i1 %.729, i64 %arg.rows, i64 0
  %22 = getelementptr i64, ptr %arg.order, i64 %21
  %.744 = getelementptr i64, ptr %22, i64 %.730
  %.745 = load i64, ptr %.744, align 8
  %23 = shl i64 %.62713461348, 3
  %scevgep185 = getelementptr i8, ptr %arg.order, i64 %23
  %.775 = load i64, ptr %scevgep185, align 8
  store i64 %.745, ptr %scevgep185, align 8
  store i64 %.775, ptr %.744, align 8
  %lsr.iv.next184 = add i64 %lsr.iv183, -1
  %.634 = add nuw nsw i64 %.62713461348, 1
  %exitcond1562.not = icmp eq i64 %lsr.iv.next184, 1
  br i1 %exitcond1562.not, label %B1008.lr.ph, label %B872

B872.else.if:                                     ; preds = %B872
  %.672 = and i64 %.668, 2147483647
  %24 = and i64 %lsr.iv183, -4294967296
  %25 = icmp eq i64 %24, 0
  br i1 %25, label %26, label %31

26:                                               ; preds = %B872.else.if
  %27 = trunc i64 %lsr.iv183 to i32
  %28 = trunc i64 %.672 to i32
  %29 = urem i32 %28, %27
  %30 = zext i32 %29 to i64
  br label %33

31:                                               ; preds = %B872.else.if
  %32 = srem i64 %.672, %lsr.iv183
  br label %33

33:                                               ; preds = %31, %26
  %34 = phi i64 [ %30, %26 ], [ %32, %31 ]
  %.697.not = icmp eq i64 %34, 0
  %35 = tail call i64 @llvm.smin.i64(i64 %lsr.iv183, i64 0)
  %.705 = select i1 %.697.not, i64 0, i64 %35
  %spec.select1284 = add nsw i64 %.705, %34
  br label %B872.endif

B1505.endif.loopexit.unr-lcssa:                   ; preds = %B1030
  %36 = and i64 %arg.columns, 1
  %37 = icmp eq i64 %36, 0
  br i1 %37, label %B1505.endif, label %B1030.epil.preheader

B1030.epil.preheader:                             ; preds = %B1505.endif.loopexit.unr-lcssa, %B1030.preheader
  %_margin_v17_total.2.11356.epil.init = phi double [ 0.000000e+00, %B1030.preheader ], [ %.1272.1, %B1505.endif.loopexit.unr-lcssa ]
  %.116013531355.epil.init = phi i64 [ 0, %B1030.preheader ], [ %.1182.1, %B1505.endif.loopexit.unr-lcssa ]
  %.1173.epil = shl i64 %.116013531355.epil.init, 2
  %.1177.epil = getelementptr i8, ptr %.1042, i64 %.1173.epil
  %.1179.epil = load i32, ptr %.1177.epil, align 4
  %.1208.epil = zext i32 %.1179.epil to i64
  %.1209.epil = and i64 %.239, %.1208.epil
  %.1263.idx.epil = shl nuw nsw i64 %.1209.epil, 4
  %.1263.epil = getelementptr i8, ptr %arg.weights, i64 %.1263.idx.epil
  %.1264.epil = load double, ptr %.1263.epil, align 8
  %38 = lshr i64 %.1208.epil, 30
  %39 = and i64 %38, 2
  %.1268.epil = uitofp nneg i64 %39 to double
  %.1269.epil = fsub double 1.000000e+00, %.1268.epil
  %.1270.epil = fmul double %.1264.epil, %.1269.epil
  %.1272.epil = fadd double %_margin_v17_total.2.11356.epil.init, %.1270.epil
  br label %B1505.endif

B1505.endif:                                      ; preds = %B1030.epil.preheader, %B1505.endif.loopexit.unr-lcssa, %B1008
  %_margin_v17_total.2.1.lcssa = phi double [ 0.000000e+00, %B1008 ], [ %.1272.1, %B1505.endif.loopexit.unr-lcssa ], [ %.1272.epil, %B1030.epil.preheader ]
  %40 = icmp slt i64 %arg.size, 1
  %.1298 = fmul double %scale.4.01447, %_margin_v17_total.2.1.lcssa
  %.1300 = fadd double %intercept.2.01446, %.1298
  %41 = getelementptr i8, ptr %arg.clicks, i64 %.971
  %.1334 = getelementptr i8, ptr %41, i64 %.1022
  %.1335 = load i8, ptr %.1334, align 1
  %.1340.not = icmp eq i8 %.1335, 0
  %.1343 = fneg double %.1300
  %_log_loss_v18__vphi16_0.2.1 = select i1 %.1340.not, double %.1300, double %.1343
  %.12.i37 = fcmp olt double %_log_loss_v18__vphi16_0.2.1, 0.000000e+00
  %.13.i38 = select i1 %.12.i37, double 0.000000e+00, double %_log_loss_v18__vphi16_0.2.1
  %.1359 = tail call double @llvm.fabs.f64(double %.1300)
  %.1360 = fneg double %.1359
  %.1361 = tail call double @llvm.exp.f64(double %.1360)
  %.1362 = tail call double @log1p(double %.1361)
  %.1391 = fadd double %.1362, %.13.i38
  %.1393 = fadd double %loss.2.01451, %.1391
  %.12.i60 = fcmp olt double %.1300, -3.600000e+01
  %.13.i61 = select i1 %.12.i60, double -3.600000e+01, double %.1300
  %.12.i62 = fcmp ogt double %.13.i61, 3.600000e+01
  %.13.i63 = select i1 %.12.i62, double 3.600000e+01, double %.13.i61
  %.1503 = fmul double %.13.i63, 0x3FF71547652B82FE
  %42 = fsub double 5.000000e-01, %.1503
  %.1505 = tail call double @llvm.floor.f64(double %42)
  %.1506 = fptosi double %.1505 to i64
  %.1502 = fneg double %.13.i63
  %.1511 = sitofp i64 %.1506 to double
  %.1512 = fmul double %.1511, 0x3FE62E42FEE00000
  %.1513 = fsub double %.1502, %.1512
  %.1516 = fmul double %.1511, 0x3DEA39EF35793C76
  %.1517 = fsub double %.1513, %.1516
  %.1648 = fdiv double %.1517, 1.400000e+01
  %.1649 = fadd double %.1648, 1.000000e+00
  %.1643.1 = fmul double %.1517, %.1649
  %.1648.1 = fdiv double %.1643.1, 1.300000e+01
  %.1649.1 = fadd double %.1648.1, 1.000000e+00
  %.1643.2 = fmul double %.1517, %.1649.1
  %.1648.2 = fdiv double %.1643.2, 1.200000e+01
  %.1649.2 = fadd double %.1648.2, 1.000000e+00
  %.1643.3 = fmul double %.1517, %.1649.2
  %.1648.3 = fdiv double %.1643.3, 1.100000e+01
  %.1649.3 = fadd double %.1648.3, 1.000000e+00
  %.1643.4 = fmul double %.1517, %.1649.3
  %.1648.4 = fdiv double %.1643.4, 1.000000e+01
  %.1649.4 = fadd double %.1648.4, 1.000000e+00
  %.1643.5 = fmul double %.1517, %.1649.4
  %.1648.5 = fdiv double %.1643.5, 9.000000e+00
  %.1649.5 = fadd double %.1648.5, 1.000000e+00
  %.1643.6 = fmul double %.1517, %.1649.5
  %.1648.6 = fmul double %.1643.6, 1.250000e-01
  %.1649.6 = fadd double %.1648.6, 1.000000e+00
  %.1643.7 = fmul double %.1517, %.1649.6
  %.1648.7 = fdiv double %.1643.7, 7.000000e+00
  %.1649.7 = fadd double %.1648.7, 1.000000e+00
  %.1643.8 = fmul double %.1517, %.1649.7
  %.1648.8 = fdiv double %.1643.8, 6.000000e+00
  %.1649.8 = fadd double %.1648.8, 1.000000e+00
  %.1643.9 = fmul double %.1517, %.1649.8
  %.1648.9 = fdiv double %.1643.9, 5.000000e+00
  %.1649.9 = fadd double %.1648.9, 1.000000e+00
  %.1643.10 = fmul double %.1517, %.1649.9
  %.1648.10 = fmul double %.1643.10, 2.500000e-01
  %.1649.10 = fadd double %.1648.10, 1.000000e+00
  %.1643.11 = fmul double %.1517, %.1649.10
  %.1648.11 = fdiv double %.1643.11, 3.000000e+00
  %.1649.11 = fadd double %.1648.11, 1.000000e+00
  %.1643.12 = fmul double %.1517, %.1649.11
  %.1648.12 = fmul double %.1643.12, 5.000000e-01
  %.1649.12 = fadd double %.1648.12, 1.000000e+00
  %.1643.13 = fmul double %.1517, %.1649.12
  %.1649.13 = fadd double %.1643.13, 1.000000e+00
  %.1733 = icmp slt i64 %.1506, -54
  %.1735.v = select i1 %.1733, i64 162, i64 54
  %43 = getelementptr double, ptr @.const.array.data, i64 %.1506
  %.1748 = getelementptr double, ptr %43, i64 %.1735.v
  %.1749 = load double, ptr %.1748, align 8
  %.1754 = fmul double %.1749, %.1649.13
  %.1758 = fadd double %.1754, 1.000000e+00
  %.1765 = fdiv double 1.000000e+00, %.1758
  %.1769 = uitofp i8 %.1335 to double
  %.1770 = fsub double %.1769, %.1765
  %.1774 = fmul double %arg.eta, %.1770
  %.1780 = fmul double %"$phi286.0.2.0", %scale.4.01447
  %.1791 = fcmp uge double %.1780, 1.000000e-09
  %brmerge = select i1 %.1791, i1 true, i1 %40
  %.1780.mux = select i1 %.1791, double %.1780, double 1.000000e+00
  %average_b.3.01449.mux = select i1 %.1791, double %average_b.3.01449, double 1.000000e+00
  %average_a.3.01448.mux = select i1 %.1791, double %average_a.3.01448, double 0.000000e+00
  br i1 %brmerge, label %B1860.endif, label %B1714.preheader

B1714.preheader:                                  ; preds = %B1505.endif
  %44 = icmp ult i64 %arg.size, 6
  %brmerge151 = select i1 %44, i1 true, i1 %7
  br i1 %brmerge151, label %B1714.preheader142, label %vector.ph98

vector.ph98:                                      ; preds = %B1714.preheader
  %broadcast.splatinsert = insertelement <2 x double> poison, double %average_a.3.01448, i64 0
  %broadcast.splat = shufflevector <2 x double> %broadcast.splatinsert, <2 x double> poison, <2 x i32> zeroinitializer
  %broadcast.splatinsert101 = insertelement <2 x double> poison, double %average_b.3.01449, i64 0
  %broadcast.splat102 = shufflevector <2 x double> %broadcast.splatinsert101, <2 x double> poison, <2 x i32> zeroinitializer
  %broadcast.splatinsert103 = insertelement <2 x double> poison, double %.1780, i64 0
  %broadcast.splat104 = shufflevector <2 x double> %broadcast.splatinsert103, <2 x double> poison, <2 x i32> zeroinitializer
  br label %vector.body105

vector.body105:                                   ; preds = %vector.body105, %vector.ph98
  %lsr.iv172 = phi ptr [ %scevgep173, %vector.body105 ], [ %arg.weights, %vector.ph98 ]
  %lsr.iv170 = phi i64 [ %lsr.iv.next171, %vector.body105 ], [ %n.vec100, %vector.ph98 ]
  %wide.vec = load <4 x double>, ptr %lsr.iv172, align 8
  %strided.vec = shufflevector <4 x double> %wide.vec, <4 x double> poison, <2 x i32> <i32 0, i32 2>
  %strided.vec107 = shufflevector <4 x double> %wide.vec, <4 x double> poison, <2 x i32> <i32 1, i32 3>
  %45 = fmul <2 x double> %broadcast.splat, %strided.vec
  %46 = fadd <2 x double> %strided.vec107, %45
  %47 = fdiv <2 x double> %46, %broadcast.splat102
  %48 = fmul <2 x double> %broadcast.splat104, %strided.vec
  %interleaved.vec = shufflevector <2 x double> %48, <2 x double> %47, <4 x i32> <i32 0, i32 2, i32 1, i32 3>
  store <4 x double> %interleaved.vec, ptr %lsr.iv172, align 8
  %lsr.iv.next171 = add nsw i64 %lsr.iv170, -2
  %scevgep173 = getelementptr i8, ptr %lsr.iv172, i64 32
  %49 = icmp eq i64 %lsr.iv.next171, 0
  br i1 %49, label %middle.block109, label %vector.body105, !llvm.loop !8

middle.block109:                                  ; preds = %vector.body105
  %50 = icmp eq i64 %arg.size, %n.vec100
  br i1 %50, label %B1860.endif, label %B1714.preheader142

B1714.preheader142:                               ; preds = %middle.block109, %B1714.preheader
  %.193013651367.ph = phi i64 [ %n.vec100, %middle.block109 ], [ 0, %B1714.preheader ]
  %51 = and i64 %arg.size, 1
  %52 = icmp eq i64 %51, 0
  %.neg = or disjoint i64 %.193013651367.ph, 1
  br i1 %52, label %B1714.prol.loopexit, label %B1714.prol

B1714.prol:                                       ; preds = %B1714.preheader142
  %.1937.prol = or disjoint i64 %.193013651367.ph, 1
  %.idx.prol = shl i64 %.193013651367.ph, 4
  %53 = getelementptr i8, ptr %arg.weights, i64 %.idx.prol
  %.2014.prol = getelementptr i8, ptr %53, i64 8
  %.2015.prol = load double, ptr %.2014.prol, align 8
  %.2069.prol = load double, ptr %53, align 8
  %.2071.prol = fmul double %average_a.3.01448, %.2069.prol
  %.2072.prol = fadd double %.2015.prol, %.2071.prol
  %.2077.prol = fdiv double %.2072.prol, %average_b.3.01449
  store double %.2077.prol, ptr %.2014.prol, align 8
  %.2187.prol = fmul double %.1780, %.2069.prol
  store double %.2187.prol, ptr %53, align 8
  br label %B1714.prol.loopexit

B1714.prol.loopexit:                              ; preds = %B1714.prol, %B1714.preheader142
  %.193013651367.unr = phi i64 [ %.193013651367.ph, %B1714.preheader142 ], [ %.1937.prol, %B1714.prol ]
  %54 = icmp eq i64 %arg.size, %.neg
  br i1 %54, label %B1860.endif, label %B1714.preheader153

B1714.preheader153:                               ; preds = %B1714.prol.loopexit
  %55 = shl i64 %.193013651367.unr, 4
  %scevgep175 = getelementptr i8, ptr %scevgep174, i64 %55
  %56 = sub i64 %arg.size, %.193013651367.unr
  br label %B1714

B1860.endif:                                      ; preds = %B1714.prol.loopexit, %middle.block109, %B1505.endif, %B1714
  %scale.3.11229 = phi double [ %.1780.mux, %B1505.endif ], [ 1.000000e+00, %middle.block109 ], [ 1.000000e+00, %B1714.prol.loopexit ], [ 1.000000e+00, %B1714 ]
  %average_b.5.11228 = phi double [ %average_b.3.01449.mux, %B1505.endif ], [ 1.000000e+00, %middle.block109 ], [ 1.000000e+00, %B1714.prol.loopexit ], [ 1.000000e+00, %B1714 ]
  %average_a.4.11227 = phi double [ %average_a.3.01448.mux, %B1505.endif ], [ 0.000000e+00, %middle.block109 ], [ 0.000000e+00, %B1714.prol.loopexit ], [ 0.000000e+00, %B1714 ]
  %57 = icmp sgt i64 %arg.columns, 0
  %.2294 = fdiv double %.1774, %scale.3.11229
  %.2299 = fneg double %average_a.4.11227
  %.2301 = fmul double %.2294, %.2299
  br i1 %57, label %B1877.preheader, label %B1947

B1877.preheader:                                  ; preds = %B1860.endif
  br label %B1877

B2248.endif:                                      ; preds = %B286.endif, %B2246
  %steps.2.0.lcssa = phi double [ %.248, %B286.endif ], [ %.2658, %B2246 ]
  %average_intercept.2.0.lcssa = phi double [ %.245, %B286.endif ], [ %.2713, %B2246 ]
  %scale.4.0.lcssa = phi double [ 1.000000e+00, %B286.endif ], [ %scale.3.11229, %B2246 ]
  %average_a.3.0.lcssa = phi double [ 0.000000e+00, %B286.endif ], [ %.2698, %B2246 ]
  %average_b.3.0.lcssa = phi double [ 1.000000e+00, %B286.endif ], [ %average_b.4.1, %B2246 ]
  %loss.2.0.lcssa = phi double [ 0.000000e+00, %B286.endif ], [ %.1393, %B2246 ]
  %.33991468.not = icmp slt i64 %arg.size, 1
  br i1 %.33991468.not, label %common.ret, label %B2288.preheader

B2288.preheader:                                  ; preds = %B2248.endif
  %min.iters.check121 = icmp ult i64 %arg.size, 6
  br i1 %min.iters.check121, label %B2288.preheader141, label %vector.scevcheck112

vector.scevcheck112:                              ; preds = %B2288.preheader
  %const191 = bitcast i64 1152921504606846975 to i64
  %58 = add nsw i64 %arg.size, -1
  %scevgep113 = getelementptr i8, ptr %arg.weights, i64 8
  %mul.result115 = shl i64 %58, 4
  %59 = getelementptr i8, ptr %scevgep113, i64 %mul.result115
  %60 = icmp ult ptr %59, %scevgep113
  %mul.result118 = shl i64 %58, 4
  %mul.overflow119 = icmp ugt i64 %58, %const191
  %61 = getelementptr i8, ptr %arg.weights, i64 %mul.result118
  %62 = icmp ult ptr %61, %arg.weights
  %63 = or i1 %62, %mul.overflow119
  %64 = or i1 %60, %63
  br i1 %64, label %B2288.preheader141, label %vector.ph122

vector.ph122:                                     ; preds = %vector.scevcheck112
  %const193 = bitcast i64 2305843009213693950 to i64
  %n.vec124 = and i64 %arg.size, %const193
  %broadcast.splatinsert125 = insertelement <2 x double> poison, double %average_a.3.0.lcssa, i64 0
  %broadcast.splat126 = shufflevector <2 x double> %broadcast.splatinsert125, <2 x double> poison, <2 x i32> zeroinitializer
  %broadcast.splatinsert127 = insertelement <2 x double> poison, double %average_b.3.0.lcssa, i64 0
  %broadcast.splat128 = shufflevector <2 x double> %broadcast.splatinsert127, <2 x double> poison, <2 x i32> zeroinitializer
  %broadcast.splatinsert129 = insertelement <2 x double> poison, double %scale.4.0.lcssa, i64 0
  %broadcast.splat130 = shufflevector <2 x double> %broadcast.splatinsert129, <2 x double> poison, <2 x i32> zeroinitializer
  br label %vector.body131

vector.body131:                                   ; preds = %vector.body131, %vector.ph122
  %lsr.iv163 = phi ptr [ %scevgep164, %vector.body131 ], [ %arg.weights, %vector.ph122 ]
  %lsr.iv161 = phi i64 [ %lsr.iv.next162, %vector.body131 ], [ %n.vec124, %vector.ph122 ]
  %wide.vec133 = load <4 x double>, ptr %lsr.iv163, align 8
  %strided.vec134 = shufflevector <4 x double> %wide.vec133, <4 x double> poison, <2 x i32> <i32 0, i32 2>
  %strided.vec135 = shufflevector <4 x double> %wide.vec133, <4 x double> poison, <2 x i32> <i32 1, i32 3>
  %65 = fmul <2 x double> %broadcast.splat126, %strided.vec134
  %66 = fadd <2 x double> %strided.vec135, %65
  %67 = fdiv <2 x double> %66, %broadcast.splat128
  %68 = fmul <2 x double> %broadcast.splat130, %strided.vec134
  %interleaved.vec136 = shufflevector <2 x double> %68, <2 x double> %67, <4 x i32> <i32 0, i32 2, i32 1, i32 3>
  store <4 x double> %interleaved.vec136, ptr %lsr.iv163, align 8
  %lsr.iv.next162 = add nsw i64 %lsr.iv161, -2
  %scevgep164 = getelementptr i8, ptr %lsr.iv163, i64 32
  %69 = icmp eq i64 %lsr.iv.next162, 0
  br i1 %69, label %middle.block138, label %vector.body131, !llvm.loop !9

middle.block138:                                  ; preds = %vector.body131
  %cmp.n139 = icmp eq i64 %arg.size, %n.vec124
  br i1 %cmp.n139, label %common.ret, label %B2288.preheader141

B2288.preheader141:                               ; preds = %middle.block138, %vector.scevcheck112, %B2288.preheader
  %.340514671469.ph = phi i64 [ 0, %vector.scevcheck112 ], [ 0, %B2288.preheader ], [ %n.vec124, %middle.block138 ]
  %.neg150 = or disjoint i64 %.340514671469.ph, 1
  %xtraiter148 = and i64 %arg.size, 1
  %lcmp.mod149.not = icmp eq i64 %xtraiter148, 0
  br i1 %lcmp.mod149.not, label %B2288.prol.loopexit, label %B2288.prol

B2288.prol:                                       ; preds = %B2288.preheader141
  %.3412.prol = or disjoint i64 %.340514671469.ph, 1
  %.idx92.prol = shl i64 %.340514671469.ph, 4
  %70 = getelementptr i8, ptr %arg.weights, i64 %.idx92.prol
  %.3489.prol = getelementptr i8, ptr %70, i64 8
  %.3490.prol = load double, ptr %.3489.prol, align 8
  %.3544.prol = load double, ptr %70, align 8
  %.3546.prol = fmul double %average_a.3.0.lcssa, %.3544.prol
  %.3547.prol = fadd double %.3490.prol, %.3546.prol
  %.3552.prol = fdiv double %.3547.prol, %average_b.3.0.lcssa
  store double %.3552.prol, ptr %.3489.prol, align 8
  %.3662.prol = fmul double %scale.4.0.lcssa, %.3544.prol
  store double %.3662.prol, ptr %70, align 8
  br label %B2288.prol.loopexit

B2288.prol.loopexit:                              ; preds = %B2288.prol, %B2288.preheader141
  %.340514671469.unr = phi i64 [ %.340514671469.ph, %B2288.preheader141 ], [ %.3412.prol, %B2288.prol ]
  %71 = icmp eq i64 %arg.size, %.neg150
  br i1 %71, label %common.ret, label %B2288.preheader152

B2288.preheader152:                               ; preds = %B2288.prol.loopexit
  %72 = shl i64 %.340514671469.unr, 4
  %73 = add i64 %72, 24
  %scevgep155 = getelementptr i8, ptr %arg.weights, i64 %73
  %74 = sub i64 %arg.size, %.340514671469.unr
  br label %B2288
}

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.umax.i64(i64, i64) #1

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.smin.i64(i64, i64) #1

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.fabs.f64(double) #1

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.exp.f64(double) #1

; Function Attrs: mustprogress nofree nosync nounwind willreturn memory(none)
declare double @log1p(double) local_unnamed_addr #2

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.floor.f64(double) #1

define noundef range(i32 -1, -2) i32 @sum_log_loss(ptr noalias writeonly captures(none) %retptr, ptr noalias readnone captures(none) %excinfo, ptr readonly captures(none) %arg.features, ptr readonly captures(none) %arg.clicks, i64 %arg.rows, i64 %arg.columns, ptr readonly captures(none) %arg.coefficients, i64 %arg.size, double %arg.intercept) local_unnamed_addr {
B0.endif.endif.endif.endif:
  %.176 = add i64 %arg.size, 4294967295
  %.262293.not = icmp slt i64 %arg.rows, 1
  br i1 %.262293.not, label %common.ret, label %B154.lr.ph

B154:                                             ; preds = %B154.lr.ph.split.new, %B154
  %loss.2.0296 = phi double [ 0.000000e+00, %B154.lr.ph.split.new ], [ %.686.1, %B154 ]
  %.268290294 = phi i64 [ 0, %B154.lr.ph.split.new ], [ %.275.1, %B154 ]
  %sunkaddr = getelementptr i8, ptr %arg.clicks, i64 %.268290294
  %.627 = load i8, ptr %sunkaddr, align 1
  %.633.not = icmp eq i8 %.627, 0
  %_log_loss_v28__vphi16_0.2.1 = select i1 %.633.not, double %.596, double %.636
  %.12.i = fcmp olt double %_log_loss_v28__vphi16_0.2.1, 0.000000e+00
  %.13.i = select i1 %.12.i, double 0.000000e+00, double %_log_loss_v28__vphi16_0.2.1
  %.684 = fadd double %.655, %.13.i
  %.686 = fadd double %loss.2.0296, %.684
  %.275.1 = add nuw i64 %.268290294, 2
  %sunkaddr41 = getelementptr i8, ptr %arg.clicks, i64 %.268290294
  %sunkaddr42 = getelementptr i8, ptr %sunkaddr41, i64 1
  %.627.1 = load i8, ptr %sunkaddr42, align 1
  %.633.not.1 = icmp eq i8 %.627.1, 0
  %_log_loss_v28__vphi16_0.2.1.1 = select i1 %.633.not.1, double %.596, double %.636
  %.12.i.1 = fcmp olt double %_log_loss_v28__vphi16_0.2.1.1, 0.000000e+00
  %.13.i.1 = select i1 %.12.i.1, double 0.000000e+00, double %_log_loss_v28__vphi16_0.2.1.1
  %.684.1 = fadd double %.655, %.13.i.1
  %.686.1 = fadd double %.686, %.684.1
  %niter.ncmp.1 = icmp eq i64 %unroll_iter, %.275.1
  br i1 %niter.ncmp.1, label %common.ret.loopexit23.unr-lcssa, label %B154

common.ret.loopexit23.unr-lcssa:                  ; preds = %B154
  %0 = and i64 %arg.rows, 1
  %lcmp.mod.not = icmp eq i64 %0, 0
  br i1 %lcmp.mod.not, label %common.ret, label %B154.epil.preheader

B154.epil.preheader:                              ; preds = %B154.lr.ph.split, %common.ret.loopexit23.unr-lcssa
  %loss.2.0296.epil.init = phi double [ 0.000000e+00, %B154.lr.ph.split ], [ %.686.1, %common.ret.loopexit23.unr-lcssa ]
  %.268290294.epil.init = phi i64 [ 0, %B154.lr.ph.split ], [ %.275.1, %common.ret.loopexit23.unr-lcssa ]
  %1 = getelementptr i8, ptr %arg.clicks, i64 %.268290294.epil.init
  %.627.epil = load i8, ptr %1, align 1
  %.633.not.epil = icmp eq i8 %.627.epil, 0
  %_log_loss_v28__vphi16_0.2.1.epil = select i1 %.633.not.epil, double %.596, double %.636
  %.12.i.epil = fcmp olt double %_log_loss_v28__vphi16_0.2.1.epil, 0.000000e+00
  %.13.i.epil = select i1 %.12.i.epil, double 0.000000e+00, double %_log_loss_v28__vphi16_0.2.1.epil
  %.684.epil = fadd double %.655, %.13.i.epil
  %.686.epil = fadd double %loss.2.0296.epil.init, %.684.epil
  br label %common.ret

common.ret:                                       ; preds = %B2566.endif.loopexit.us, %B154.epil.preheader, %common.ret.loopexit23.unr-lcssa, %B0.endif.endif.endif.endif
  %loss.2.0.lcssa = phi double [ 0.000000e+00, %B0.endif.endif.endif.endif ], [ %.686.epil, %B154.epil.preheader ], [ %.686.1, %common.ret.loopexit23.unr-lcssa ], [ %.686.us, %B2566.endif.loopexit.us ]
  store double %loss.2.0.lcssa, ptr %retptr, align 8
  ret i32 0

B154.lr.ph:                                       ; preds = %B0.endif.endif.endif.endif
  %.459285 = icmp sgt i64 %arg.columns, 0
  br i1 %.459285, label %B154.us.preheader, label %B154.lr.ph.split

B154.us.preheader:                                ; preds = %B154.lr.ph
  %const40 = bitcast i64 9223372036854775806 to i64
  %unroll_iter30 = and i64 %arg.columns, %const40
  %scevgep = getelementptr i8, ptr %arg.features, i64 4
  %2 = shl i64 %arg.columns, 2
  br label %B154.us

B154.us:                                          ; preds = %B2566.endif.loopexit.us, %B154.us.preheader
  %lsr.iv = phi ptr [ %scevgep, %B154.us.preheader ], [ %scevgep32, %B2566.endif.loopexit.us ]
  %loss.2.0296.us = phi double [ %.686.us, %B2566.endif.loopexit.us ], [ 0.000000e+00, %B154.us.preheader ]
  %.268290294.us = phi i64 [ %.275.us, %B2566.endif.loopexit.us ], [ 0, %B154.us.preheader ]
  %3 = icmp eq i64 %arg.columns, 1
  %.343.us = mul i64 %.268290294.us, %arg.columns
  %.345.us = getelementptr i32, ptr %arg.features, i64 %.343.us
  br i1 %3, label %B2477.us.epil.preheader, label %B2477.us.preheader

B2477.us.preheader:                               ; preds = %B154.us
  br label %B2477.us

B2477.us:                                         ; preds = %B2477.us, %B2477.us.preheader
  %_margin_v27_total.2.1287.us = phi double [ %.570.us.1, %B2477.us ], [ 0.000000e+00, %B2477.us.preheader ]
  %.458284286.us = phi i64 [ %.480.us.1, %B2477.us ], [ 0, %B2477.us.preheader ]
  %.471.us = shl i64 %.458284286.us, 2
  %scevgep34 = getelementptr i8, ptr %lsr.iv, i64 %.471.us
  %scevgep35 = getelementptr i8, ptr %scevgep34, i64 -4
  %.477.us = load i32, ptr %scevgep35, align 4
  %.506.us = zext i32 %.477.us to i64
  %.507.us = and i64 %.176, %.506.us
  %.561.us = getelementptr double, ptr %arg.coefficients, i64 %.507.us
  %.562.us = load double, ptr %.561.us, align 8
  %4 = lshr i64 %.506.us, 30
  %5 = and i64 %4, 2
  %.566.us = uitofp nneg i64 %5 to double
  %.567.us = fsub double 1.000000e+00, %.566.us
  %.568.us = fmul double %.562.us, %.567.us
  %.570.us = fadd double %_margin_v27_total.2.1287.us, %.568.us
  %.480.us = shl i64 %.458284286.us, 2
  %scevgep33 = getelementptr i8, ptr %lsr.iv, i64 %.480.us
  %.477.us.1 = load i32, ptr %scevgep33, align 4
  %.480.us.1 = add nuw i64 %.458284286.us, 2
  %.506.us.1 = zext i32 %.477.us.1 to i64
  %.507.us.1 = and i64 %.176, %.506.us.1
  %.561.us.1 = getelementptr double, ptr %arg.coefficients, i64 %.507.us.1
  %.562.us.1 = load double, ptr %.561.us.1, align 8
  %6 = lshr i64 %.506.us.1, 30
  %7 = and i64 %6, 2
  %.566.us.1 = uitofp nneg i64 %7 to double
  %.567.us.1 = fsub double 1.000000e+00, %.566.us.1
  %.568.us.1 = fmul double %.562.us.1, %.567.us.1
  %.570.us.1 = fadd double %.570.us, %.568.us.1
  %niter31.ncmp.1 = icmp eq i64 %unroll_iter30, %.480.us.1
  br i1 %niter31.ncmp.1, label %B2566.endif.loopexit.us.unr-lcssa, label %B2477.us

B2566.endif.loopexit.us.unr-lcssa:                ; preds = %B2477.us
  %8 = and i64 %arg.columns, 1
  %9 = icmp eq i64 %8, 0
  br i1 %9, label %B2566.endif.loopexit.us, label %B2477.us.epil.preheader

B2477.us.epil.preheader:                          ; preds = %B2566.endif.loopexit.us.unr-lcssa, %B154.us
  %_margin_v27_total.2.1287.us.epil.init = phi double [ 0.000000e+00, %B154.us ], [ %.570.us.1, %B2566.endif.loopexit.us.unr-lcssa ]
  %.458284286.us.epil.init = phi i64 [ 0, %B154.us ], [ %.480.us.1, %B2566.endif.loopexit.us.unr-lcssa ]
  %.471.us.epil = shl i64 %.458284286.us.epil.init, 2
  %.475.us.epil = getelementptr i8, ptr %.345.us, i64 %.471.us.epil
  %.477.us.epil = load i32, ptr %.475.us.epil, align 4
  %.506.us.epil = zext i32 %.477.us.epil to i64
  %.507.us.epil = and i64 %.176, %.506.us.epil
  %.561.us.epil = getelementptr double, ptr %arg.coefficients, i64 %.507.us.epil
  %.562.us.epil = load double, ptr %.561.us.epil, align 8
  %10 = lshr i64 %.506.us.epil, 30
  %11 = and i64 %10, 2
  %.566.us.epil = uitofp nneg i64 %11 to double
  %.567.us.epil = fsub double 1.000000e+00, %.566.us.epil
  %.568.us.epil = fmul double %.562.us.epil, %.567.us.epil
  %.570.us.epil = fadd double %_margin_v27_total.2.1287.us.epil.init, %.568.us.epil
  br label %B2566.endif.loopexit.us

B2566.endif.loopexit.us:                          ; preds = %B2477.us.epil.preheader, %B2566.endif.loopexit.us.unr-lcssa
  %.570.us.lcssa = phi double [ %.570.us.1, %B2566.endif.loopexit.us.unr-lcssa ], [ %.570.us.epil, %B2477.us.epil.preheader ]
  %.275.us = add nuw nsw i64 %.268290294.us, 1
  %.596.us = fadd double %arg.intercept, %.570.us.lcssa
  %12 = getelementptr i8, ptr %arg.clicks, i64 %.268290294.us
  %.627.us = load i8, ptr %12, align 1
  %.633.not.us = icmp eq i8 %.627.us, 0
  %.636.us = fneg double %.596.us
  %_log_loss_v28__vphi16_0.2.1.us = select i1 %.633.not.us, double %.596.us, double %.636.us
  %.12.i.us = fcmp olt double %_log_loss_v28__vphi16_0.2.1.us, 0.000000e+00
  %.13.i.us = select i1 %.12.i.us, double 0.000000e+00, double %_log_loss_v28__vphi16_0.2.1.us
  %.652.us = tail call double @llvm.fabs.f64(double %.596.us)
  %.653.us = fneg double %.652.us
  %.654.us = tail call double @llvm.exp.f64(double %.653.us)
  %.655.us = tail call double @log1p(double %.654.us)
  %.684.us = fadd double %.655.us, %.13.i.us
  %.686.us = fadd double %loss.2.0296.us, %.684.us
  %scevgep32 = getelementptr i8, ptr %lsr.iv, i64 %2
  %exitcond303.not.us = icmp eq i64 %.275.us, %arg.rows
  br i1 %exitcond303.not.us, label %common.ret, label %B154.us

B154.lr.ph.split:                                 ; preds = %B154.lr.ph
  %.596 = fadd double %arg.intercept, 0.000000e+00
  %.636 = fneg double %.596
  %.652 = tail call double @llvm.fabs.f64(double %.596)
  %.653 = fneg double %.652
  %.654 = tail call double @llvm.exp.f64(double %.653)
  %.655 = tail call double @log1p(double %.654)
  %13 = icmp eq i64 %arg.rows, 1
  br i1 %13, label %B154.epil.preheader, label %B154.lr.ph.split.new

B154.lr.ph.split.new:                             ; preds = %B154.lr.ph.split
  %const = bitcast i64 9223372036854775806 to i64
  %unroll_iter = and i64 %arg.rows, %const
  br label %B154
}

attributes #0 = { nocallback nofree nounwind willreturn memory(argmem: write) }
attributes #1 = { nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none) }
attributes #2 = { mustprogress nofree nosync nounwind willreturn memory(none) }

!0 = !{!"branch_weights", i32 12573, i32 227}
!1 = distinct !{!1, !2, !3}
!2 = !{!"llvm.loop.unroll.runtime.disable"}
!3 = !{!"llvm.loop.isvectorized", i32 1}
!4 = !{!"branch_weights", i32 1, i32 99}
!5 = distinct !{!5, !3}
!6 = distinct !{!6, !3}
!7 = distinct !{!7, !3, !2}
!8 = distinct !{!8, !3, !2}
!9 = distinct !{!9, !3, !2}
